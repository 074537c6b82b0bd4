# The examples of docs/testing.md, as they stand there: pytest with moto, Stubber and freezegun.
# title: pytest, the examples of the page
# framework: pytest
# files: docs/snippets/python
# sets: 0
# time: 300s
# short: yes
import sys

import pytest

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "."]))
