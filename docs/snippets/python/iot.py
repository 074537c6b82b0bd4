from typing import Any

from evercreds import RefreshableSession

session = RefreshableSession(
    method="iot",
    endpoint="abc123.credentials.iot.us-east-1.amazonaws.com",
    role_alias="reader",
    thing_name="pump-7",
    certificate="certificate.pem.crt",
    private_key="private.pem.key",
)


def publish() -> Any:
    from awscrt.mqtt import QoS

    connection = session.mqtt(
        endpoint="abc123-ats.iot.us-east-1.amazonaws.com",
        client_id="pump-7",
    )
    connection.connect().result()
    connection.publish("pumps/7", b"well", QoS.AT_LEAST_ONCE)[0].result()


assert session.status().phase == "empty"  # nothing was fetched yet
session.close()
