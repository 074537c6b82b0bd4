"""Publishes a reading, as the thing whose certificate the session has."""

import os

from awscrt.mqtt import QoS
from boto3_refresh_session import RefreshableSession

session = RefreshableSession(
    method="iot",
    endpoint=os.environ["IOT_ENDPOINT"],
    role_alias=os.environ["ROLE_ALIAS"],
    certificate=os.environ["CERTIFICATE"],
    private_key=os.environ["PRIVATE_KEY"],
    ca=os.environ["CA"],  # neither server is one of AWS's
)
connection = session.mqtt(
    endpoint=os.environ["MQTT_ENDPOINT"],
    client_id=os.environ["THING_NAME"],
)
connection.connect().result(timeout=20)
done, _ = connection.publish(topic=os.environ["MQTT_TOPIC"], payload=b"21.5", qos=QoS.AT_LEAST_ONCE)
done.result(timeout=20)
print("published")
connection.disconnect().result(timeout=20)
print("disconnected")
