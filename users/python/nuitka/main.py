# The package compiled by Nuitka as a module of a program; boto3 stays Python.
# framework: Nuitka
# environment: bundles
# time: 560s
import subprocess
import sys

subprocess.run(
    [
        sys.executable,
        "-m",
        "nuitka",
        "--quiet",
        "--assume-yes-for-downloads",
        "--jobs=1",
        "--output-dir=dist",
        "--follow-import-to=evercreds",
        "--include-package=evercreds",
        "app.py",
    ],
    check=True,
)
subprocess.run(["dist/app.bin"], check=True)
