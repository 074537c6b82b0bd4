"""The application: its broker and its results are files."""

import os

from celery import Celery
from evercreds import RefreshableSession

folder = os.environ["QUEUE"]
app = Celery("tasks", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.broker_transport_options = {
    "data_folder_in": f"{folder}/queue",
    "data_folder_out": f"{folder}/queue",
    "control_folder": f"{folder}/control",
}
session = RefreshableSession(assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]})


@app.task
def buckets() -> int:
    """Make a signed call in the worker."""
    return len(session.client("s3").list_buckets()["Buckets"])
