import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { RefreshableSession } from "evercreds";

// outside the handler: all requests share it
const session = new RefreshableSession({ assumeRole: { RoleArn: process.env.ROLE_ARN } });
const client = session.client(DynamoDBClient);

export default async function handler(_request, response) {
  const { TableNames } = await client.send(new ListTablesCommand({}));
  response.json(TableNames);
}
