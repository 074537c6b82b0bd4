"""What the programs with type checkers share: a file they accept, and one they refuse."""

import re
import subprocess
from pathlib import Path

RIGHT = """
from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/app"},
    advisory_timeout=900,
    region_name="us-east-1",
)
# known by boto3-stubs: the type of the client, its methods and their replies
buckets = session.client("s3").list_buckets()["Buckets"]
names: list[str] = [each.get("Name", "") for each in buckets]
arn: str = session.client("sts").get_caller_identity()["Arn"]


class Mine(RefreshableSession, method="mine"):
    def __init__(self, secret_name: str) -> None:
        super().__init__(region_name="us-east-1")
        self.secret_name = secret_name


name: str = Mine("a").secret_name
"""

# Each line has one error.
WRONG = """
from evercreds import RefreshableSession
RefreshableSession(assume_role_kwargs={"RoleArn": "arn"}, advisory_timout=900)
RefreshableSession(assume_role_kwargs={"RoleArn": "arn"}, mandatory_timeout="ten minutes")
RefreshableSession(assume_role_kwargs={"RoleArn": "arn"}, max_wait=[1])
RefreshableSession(assume_role_kwargs={"RoleARN": "arn"})
RefreshableSession(assume_role_kwargs={"RoleArn": "arn"}).client("s3").list_bucket()
"""


def expect(command: list[str], pattern: str) -> None:
    """Run a checker: it must find an error in each of WRONG's calls, and none in RIGHT."""
    Path("right.py").write_text(RIGHT.lstrip())
    Path("wrong.py").write_text(WRONG.lstrip())
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    print(said)
    assert "right.py" not in said, "it refuses what is right"
    found = {int(line) for line in re.findall(pattern, said, re.MULTILINE)}
    wanted = set(range(2, len(WRONG.strip().splitlines()) + 1))
    assert found == wanted, f"errors in lines {sorted(found)}, wanted in {sorted(wanted)}"
