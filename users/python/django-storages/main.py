# Django's S3Storage saves and opens files with a session of ours in the place of boto3's.
# title: django-storages (S3)
# framework: django-storages
# moto: yes
import django
from django.conf import settings

settings.configure()
django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from evercreds import RefreshableSession  # noqa: E402
from refreshed import ROLE_ARN, refreshed  # noqa: E402
from storages.backends.s3 import S3Storage  # noqa: E402

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


class Storage(S3Storage):
    """An S3Storage whose session is ours."""

    def _create_session(self) -> RefreshableSession:
        return session


session.client("s3").create_bucket(Bucket="django")
storage = Storage(bucket_name="django")


def save_and_open() -> None:
    name = storage.save("note.txt", ContentFile(b"well"))
    with storage.open(name) as file:
        assert file.read() == b"well"
    storage.delete(name)


refreshed(save_and_open)
