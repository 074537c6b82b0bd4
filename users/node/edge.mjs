// The worker of the programs workerd and wrangler.
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { RefreshableSession } from "evercreds";

let client;

export default {
  async fetch(_request, env) {
    // made in the first request: what a worker does before it may neither fetch nor wait
    client ??= new RefreshableSession({
      method: "custom",
      customCredentialsMethod: async () => (await fetch(env.BACKEND)).json(),
      advisoryRefresh: "inline", // a worker runs nothing between its requests
    }).client(DynamoDBClient, { region: env.AWS_REGION, endpoint: env.AWS_ENDPOINT_URL });
    const { TableNames } = await client.send(new ListTablesCommand({}));
    return Response.json(TableNames);
  },
};
