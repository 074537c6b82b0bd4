import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { RefreshableSession } from "evercreds";

export const dynamic = "force-dynamic";

// outside the handler: all requests share it
const session = new RefreshableSession({ assumeRole: { RoleArn: process.env.ROLE_ARN } });
const client = session.client(DynamoDBClient);

export async function GET() {
  const { TableNames } = await client.send(new ListTablesCommand({}));
  return Response.json(TableNames);
}
