# An executable of one file: the wheel's own hook brings the library along.
# title: PyInstaller, --onefile
# framework: pyinstaller
# environment: bundles
# time: 900s
import subprocess
import sys

subprocess.run(
    [sys.executable, "-m", "PyInstaller", "--onefile", "--noconfirm", "--log-level=WARN", "app.py"],
    check=True,
)
subprocess.run(["dist/app"], check=True)
