import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { RefreshableSession } from "evercreds";

export const config = { runtime: "edge" };

const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async () => (await fetch(process.env.BACKEND)).json(),
  advisoryRefresh: "inline", // nothing runs between requests
});
const client = session.client(DynamoDBClient, {
  region: process.env.AWS_REGION,
  endpoint: process.env.AWS_ENDPOINT_URL,
});

export default async function handler() {
  const { TableNames } = await client.send(new ListTablesCommand({}));
  return Response.json(TableNames);
}
