# client() keeps boto3-stubs' overloads, and pyright refuses misspelt and mistyped arguments.
# title: boto3-stubs under pyright
# framework: pyright
# environment: types
# sets: 0
# time: 300s
import sys

from checking import expect

expect([sys.executable, "-m", "pyright", "right.py", "wrong.py"], r"wrong\.py:(\d+):\d+ - error:")
