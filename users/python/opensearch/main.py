# AWSV4SignerAuth signs each call of the client with the session's current credentials.
# title: opensearch-py (AWSV4SignerAuth)
# framework: opensearch-py
import os
from urllib.parse import urlsplit

from evercreds import RefreshableSession
from opensearchpy import AWSV4SignerAuth, OpenSearch, RequestsHttpConnection
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
domain = urlsplit(os.environ["AWS_ENDPOINT_URL"])
client = OpenSearch(
    hosts=[{"host": domain.hostname, "port": domain.port}],
    # the object that refreshes, not a frozen copy of it
    http_auth=AWSV4SignerAuth(session.get_credentials(), "us-east-1", "es"),
    connection_class=RequestsHttpConnection,
)


def search() -> None:
    client.search(index="logs", body={"query": {"match_all": {}}})
    client.index(index="logs", body={"message": "well"}, id="1")


refreshed(search)
