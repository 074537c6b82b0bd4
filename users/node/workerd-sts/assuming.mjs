// The worker, whose base keys are secrets of its own.
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { RefreshableSession } from "evercreds";

let client;

export default {
  async fetch(_request, env) {
    const settings = { region: env.AWS_REGION, endpoint: env.AWS_ENDPOINT_URL };
    const credentials = {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    };
    client ??= new RefreshableSession({
      assumeRole: { RoleArn: env.ROLE_ARN },
      stsClient: { ...settings, credentials },
      advisoryRefresh: "inline", // a worker runs nothing between its requests
    }).client(DynamoDBClient, settings);
    try {
      const { TableNames } = await client.send(new ListTablesCommand({}));
      return Response.json(TableNames);
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};
