# smart_open reads and writes objects with a client of the session, for longer than one set lives.
# framework: smart_open
# moto: yes
import smart_open
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
s3 = session.client("s3")
s3.create_bucket(Bucket="smart-open")
at = {"transport_params": {"client": s3}}


def write_and_read() -> None:
    with smart_open.open("s3://smart-open/file.txt", "w", **at) as file:
        file.write("well\n")
    with smart_open.open("s3://smart-open/file.txt", **at) as file:
        assert file.read() == "well\n"


refreshed(write_and_read)
