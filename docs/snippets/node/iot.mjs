import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  method: "iot",
  endpoint: "abc123.credentials.iot.us-east-1.amazonaws.com",
  roleAlias: "reader",
  thingName: "pump-7",
  certificate: "certificate.pem.crt",
  privateKey: "private.pem.key",
});

export function publish() {
  const client = session.mqtt({
    endpoint: "abc123-ats.iot.us-east-1.amazonaws.com",
    clientId: "pump-7",
  });
  client.on("connectionSuccess", () =>
    client.publish({ topicName: "pumps/7", payload: "well", qos: 1 }),
  );
  client.start();
}

if (session.status().phase !== "empty") throw new Error("nothing was fetched yet");
session.close();
