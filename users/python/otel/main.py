# A span for each refresh, from the session's events; the spans of STS calls
# (BotocoreInstrumentor) are children of the caller's.
# title: OpenTelemetry, a span for each refresh
# framework: opentelemetry-sdk
# environment: otel
import json
import os
import urllib.request

from evercreds import RefreshableSession
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from refreshed import ROLE_ARN, refreshed
from spans import span_per_refresh

DENIED = "arn:aws:iam::123456789012:role/denied"
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
BotocoreInstrumentor().instrument(tracer_provider=provider)
tracer = provider.get_tracer("users")

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN, "RoleSessionName": "watched"})
span_per_refresh(session, tracer)
s3 = session.client("s3")
secrets = {os.environ["AWS_SECRET_ACCESS_KEY"]}


def call() -> None:
    with tracer.start_as_current_span("request"):
        s3.list_buckets()
        held = session.get_credentials().get_frozen_credentials()
    secrets.update((held.access_key, held.secret_key, held.token))


refreshed(call)

fault = json.dumps({"kind": "access_denied", "role": DENIED}).encode()
urllib.request.urlopen(os.environ["CONTROL"] + "/faults", fault, timeout=30).close()
denied = RefreshableSession(
    assume_role_kwargs={"RoleArn": DENIED, "RoleSessionName": "denied"}, max_wait=0
)
span_per_refresh(denied, tracer)
try:
    denied.client("s3").list_buckets()
except Exception as error:
    print(type(error).__name__)
else:
    raise AssertionError("the role was not denied")
denied.close()
session.close()

spans = exporter.get_finished_spans()
told = [dict(each.attributes or {}) for each in spans if each.name == "evercreds.refresh"]
good = [each for each in told if each["evercreds.role"] == ROLE_ARN]
bad = [each for each in told if each["evercreds.role"] == DENIED]
assert len(good) >= 2 and len(bad) == 1 and len(told) == len(good) + 1, told
for each in good:
    assert each["evercreds.session_name"] == "watched", each
    assert each["evercreds.cause"] in ("first", "advisory", "mandatory"), each
assert bad[0] == {
    "evercreds.session_name": "denied",
    "evercreds.role": DENIED,
    "evercreds.cause": "first",
    "evercreds.error_class": "permanent",
    "evercreds.aws_error_code": "AccessDenied",
}, bad

requests = {each.context.trace_id for each in spans if each.name == "request"}
sts = [each for each in spans if each.name == "STS.AssumeRole"]
inside = [each for each in sts if each.parent and each.context.trace_id in requests]
assert len(inside) >= 2, [each.to_json() for each in sts]
written = "".join(each.to_json() for each in spans)
assert not [each for each in secrets if each in written]
