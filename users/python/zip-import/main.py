# The package is imported from a zip of what is installed, without being unpacked first.
# title: zip import
# framework: python
# short: yes
import subprocess
import sys
import zipfile
from pathlib import Path

if not sys.argv[1:]:
    import evercreds

    package = Path(evercreds.__file__).parent
    with zipfile.ZipFile("packages.zip", "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(package.parent))
    sys.exit(subprocess.run([sys.executable, __file__, "from the zip"], check=False).returncode)

sys.path.insert(0, "packages.zip")
import evercreds
from refreshed import ROLE_ARN, refreshed

assert "packages.zip" in str(evercreds.__file__), evercreds.__file__
session = evercreds.RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
refreshed(session.client("s3").list_buckets)
