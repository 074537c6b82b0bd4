# Two workers of xdist share the tests of a module whose session is made at import; each refreshes
# for itself.
# framework: pytest-xdist
import sys

import pytest

sys.exit(pytest.main(["-n", "2", "-q", "-p", "no:cacheprovider", "suite.py"]))
