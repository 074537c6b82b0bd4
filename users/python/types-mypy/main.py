# client() keeps boto3-stubs' overloads, and mypy --strict refuses misspelt and mistyped arguments.
# title: boto3-stubs under mypy
# framework: mypy
# environment: types
# sets: 0
# time: 180s
import sys

from checking import expect

expect(
    [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "right.py", "wrong.py"],
    r"^wrong\.py:(\d+): error:",
)
