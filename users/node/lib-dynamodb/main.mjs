// The document client of lib-dynamodb signs with the session's credentials.
// title: @aws-sdk/lib-dynamodb
// framework: @aws-sdk/lib-dynamodb
// moto: yes
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
const client = session.client(DynamoDBClient);
await client.send(
  new CreateTableCommand({
    TableName: "notes",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
const notes = DynamoDBDocumentClient.from(client);

await refreshed(async () => {
  await notes.send(new PutCommand({ TableName: "notes", Item: { id: "1", text: "well" } }));
  const { Item } = await notes.send(new GetCommand({ TableName: "notes", Key: { id: "1" } }));
  if (Item?.text !== "well") throw new Error(`got ${JSON.stringify(Item)}`);
});
