"""A service refuses a set to one client: that one gets another set, the others are served on."""

from __future__ import annotations

import collections
import datetime
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from conftest import all_is_told, in_threads
from evercreds import EvercredsError, EvercredsValidationError, RefreshableSession

pytestmark = pytest.mark.waits

REFUSAL = "<Error><Code>{}</Code><Message>refused</Message></Error>"
EMPTY = b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"


class Service:
    """Answers as S3 does. It refuses the tokens in ``refused``, or all where ``is_sick``."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.is_sick = False
        self.code = "ExpiredToken"
        self.seen: list[tuple[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                service.answer(self)

            do_HEAD = do_POST = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        token = str(request.headers.get("X-Amz-Security-Token"))
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.seen.append((request.command, token))
        is_refused = self.is_sick or token in self.refused
        body = REFUSAL.format(self.code).encode() if is_refused else EMPTY
        if request.command == "POST":
            body = b"<ErrorResponse>" + body + b"</ErrorResponse>"
        request.send_response(400 if is_refused else 200)
        request.send_header("Content-Type", "application/xml")
        is_head = request.command == "HEAD"
        request.send_header("Content-Length", "0" if is_head else str(len(body)))
        request.end_headers()
        if not is_head:
            request.wfile.write(body)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def healthy(service: Service) -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Fetches:
    """A source whose sets are counted: the token of the first is t1."""

    def __init__(self) -> None:
        self.count = 0
        self.fails: Exception | None = None

    def __call__(self) -> dict[str, str]:
        if self.fails is not None:
            raise self.fails
        self.count += 1
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return {
            "access_key": f"ASIA{self.count:012d}",
            "secret_key": "secret",
            "token": f"t{self.count}",
            "expiry_time": expiry.isoformat(),
        }


@pytest.fixture
def fetches() -> Fetches:
    return Fetches()


@pytest.fixture
def session(fetches: Fetches) -> Iterator[Any]:
    with RefreshableSession(
        method="custom", custom_credentials_method=fetches, region_name="us-east-1"
    ) as made:
        yield made


def s3_of(session: Any, service: Service, **more: Any) -> Any:
    config = Config(s3={"addressing_style": "path"}, **more)
    return session.client("s3", endpoint_url=service.endpoint, config=config)


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


@pytest.mark.parametrize("code", ["InvalidToken", "ExpiredToken", "RequestExpired"])
def test_a_sick_endpoint_harms_itself_alone(
    session: Any, fetches: Fetches, service: Service, healthy: Service, code: str
) -> None:
    """A's service rejects every set, B's accepts all. B never notices; A gets its own error."""
    service.is_sick, service.code = True, code
    sick, well = s3_of(session, service), s3_of(session, healthy)
    seen: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _ in range(12):
        seen["sick"][outcome(sick.list_buckets)] += 1
        for _ in range(5):
            seen["well"][outcome(well.list_buckets)] += 1
    assert seen == {"sick": {code: 12}, "well": {"ok": 60}}
    assert fetches.count <= 4
    assert not session.status().rejected


def test_a_revoked_set_is_replaced_by_one_fetch(
    session: Any, fetches: Fetches, service: Service
) -> None:
    """60 callers meet one revoked set at once; no call fails, and one set is fetched."""
    s3 = s3_of(session, service, max_pool_connections=60)
    s3.list_buckets()
    service.refused.add("t1")
    assert in_threads(60, lambda: outcome(s3.list_buckets)) == ["ok"] * 60
    assert fetches.count == 2
    assert session.status().counters["rejections"] == 1


def test_a_bare_400_to_head_is_looked_into(
    session: Any, fetches: Fetches, service: Service
) -> None:
    """HEAD has no body, so no code: another set is tried once, and is what was wanted."""
    s3 = s3_of(session, service)
    s3.head_bucket(Bucket="b")
    service.refused.add("t1")
    s3.head_bucket(Bucket="b")
    s3.head_object(Bucket="b", Key="k")
    s3.get_waiter("object_exists").wait(Bucket="b", Key="k")
    s3.download_file("b", "k", os.devnull)
    assert fetches.count == 2


def test_a_bare_400_that_is_no_refusal_costs_one_fetch(
    session: Any, fetches: Fetches, service: Service
) -> None:
    service.is_sick = True
    s3 = s3_of(session, service)
    for _ in range(10):
        assert outcome(lambda: s3.head_object(Bucket="b", Key="k")) == "400"
    with pytest.raises(WaiterError):
        s3.get_waiter("object_exists").wait(
            Bucket="b", Key="k", WaiterConfig={"Delay": 0, "MaxAttempts": 2}
        )
    assert fetches.count == 2


def test_the_services_error_has_that_of_the_refresh_as_its_cause(
    fetches: Fetches, service: Service
) -> None:
    session = RefreshableSession(
        method="custom", custom_credentials_method=fetches, region_name="us-east-1", max_wait=0
    )
    session.credentials  # noqa: B018
    service.is_sick = True
    fetches.fails = PermissionError("the source is down")
    with session, pytest.raises(ClientError, match="ExpiredToken") as caught:
        s3_of(session, service).list_buckets()
    assert isinstance(caught.value.__cause__, PermissionError)
    assert type(caught.value) is ClientError
    assert caught.value.operation_name == "ListBuckets"


def test_what_cannot_be_sent_twice_reports_all_the_same(
    session: Any, fetches: Fetches, service: Service
) -> None:
    """A one-time code is good for one call; the calls after it have the other set."""
    session.credentials  # noqa: B018
    service.refused.add("t1")
    sts = session.client("sts", endpoint_url=service.endpoint)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_session_token(SerialNumber="arn:aws:iam::123456789012:mfa/me", TokenCode="123456")
    assert [token for _, token in service.seen] == ["t1"]
    session.credentials_for(other_than={"access_key": "ASIA000000000001", "token": "t1"})
    assert fetches.count == 2
    assert outcome(s3_of(session, service).list_buckets) == "ok"


def test_a_bucket_of_another_region_is_followed_there(
    session: Any, fetches: Fetches, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers HEAD with a bare 400 for that too, and botocore sends the call to the region."""
    answer = service.answer

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        if "/eu-west-1/" in str(request.headers.get("Authorization")):
            answer(request)
            return
        request.send_response(400)
        request.send_header("x-amz-bucket-region", "eu-west-1")
        request.send_header("Content-Length", "0")
        request.end_headers()

    monkeypatch.setattr(service, "answer", elsewhere)
    s3 = s3_of(session, service)
    for bucket in ("b1", "b2", "b3"):
        s3.head_object(Bucket=bucket, Key="k")
    assert fetches.count == 1
    assert session.status().counters["rejections"] == 0


def test_a_call_that_succeeds_in_the_end_raises_nothing(fetches: Fetches, service: Service) -> None:
    """A handler of the user's sends the call again, after no other set could be had."""
    session = RefreshableSession(
        method="custom", custom_credentials_method=fetches, region_name="us-east-1", max_wait=0.5
    )
    session.credentials  # noqa: B018
    service.is_sick = True
    fetches.fails = PermissionError("the source is down")
    s3 = s3_of(session, service)

    def once_more(response: Any, attempts: int, **_: Any) -> int | None:
        service.is_sick = False
        return 0 if response[0].status_code == 400 and attempts < 3 else None

    s3.meta.events.register("needs-retry", once_more)
    assert s3.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    session.close()


def test_a_call_reports_once(session: Any, fetches: Fetches, service: Service) -> None:
    service.is_sick = True
    assert outcome(s3_of(session, service).list_buckets) == "ExpiredToken"
    assert [token for _, token in service.seen] == ["t1", "t2"]
    assert session.status().counters["rejections"] == 1


def test_who_signs_by_himself_asks_for_another_set(session: Any, fetches: Fetches) -> None:
    first = session.credentials
    other = session.credentials_for(other_than=first)
    assert other["token"] == "t2"
    assert session.credentials["token"] == "t2"
    frozen = session.get_credentials().get_frozen_credentials()
    with pytest.raises(EvercredsError) as caught:
        session.credentials_for(other_than=frozen)  # again at once: it is spaced
    assert caught.value.code == "rejected"
    assert session.status().reported
    assert session.credentials["token"] == "t2", "others are served on"
    assert session.credentials_for(other_than=first)["token"] == "t2"
    assert fetches.count == 2


@pytest.mark.parametrize(
    "given",
    [1, "t1", {"access_key": "A"}, {"token": "t"}, {"access_key": "A", "token": "t1\ud800"}],
)
def test_other_than_must_be_credentials(session: Any, given: Any) -> None:
    with pytest.raises(EvercredsValidationError, match="other_than must be credentials") as caught:
        session.credentials_for(other_than=given)
    assert caught.value.param == "other_than"
    with pytest.raises(EvercredsValidationError):
        session.credentials_for(other_than=session.get_credentials())  # they change
    assert "t1" not in str(caught.value)


def test_the_log_says_for_whom(
    session: Any, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.is_sick = True
    with caplog.at_level("INFO", logger="evercreds"):
        outcome(s3_of(session, service).list_buckets)
        all_is_told(session)
        assert "of one caller" in caplog.text
        assert "for all callers" not in caplog.text
        session.invalidate()
        all_is_told(session)
        assert "for all callers" in caplog.text


def test_under_aws2026_a_report_is_for_all(fetches: Fetches, service: Service) -> None:
    with RefreshableSession(
        method="custom",
        custom_credentials_method=fetches,
        region_name="us-east-1",
        policy="aws2026",
    ) as session:
        s3 = s3_of(session, service)
        s3.list_buckets()
        service.refused.add("t1")
        assert outcome(s3.list_buckets) == "ok"
        assert fetches.count == 2
