# The examples of docs/guides/testing.md, as they stand: pytest with moto, Stubber and freezegun.
# title: pytest, the examples of the page
# framework: pytest
# files: docs/snippets/python
# sets: 0
# time: 300s
# short: yes
import sys

import pytest

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "."]))
