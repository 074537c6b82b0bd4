# PyAthena's connection takes the session, and runs queries for longer than one set lives.
# framework: PyAthena
# environment: data
# moto: yes
from evercreds import RefreshableSession
from pyathena import connect
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
session.client("s3").create_bucket(Bucket="athena")
connection = connect(session=session, s3_staging_dir="s3://athena/", poll_interval=0.1)


def query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchall()


refreshed(query)
