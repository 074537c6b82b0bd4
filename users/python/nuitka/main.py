# The package compiled by Nuitka as a module of a program; boto3 stays Python.
# framework: Nuitka
# environment: bundles
# time: 1800s
import os
import subprocess
import sys

# 120 modules of C: it is to work, not to be fast
os.environ["CFLAGS"] = os.environ["CCFLAGS"] = "-O0"

subprocess.run(
    [
        sys.executable,
        "-m",
        "nuitka",
        "--quiet",
        "--assume-yes-for-downloads",
        "--jobs=2",
        "--output-dir=dist",
        "--follow-import-to=evercreds",
        "--include-package=evercreds",
        "app.py",
    ],
    check=True,
)
subprocess.run(["dist/app.bin"], check=True)
