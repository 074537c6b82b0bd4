import { RefreshableSession } from "evercreds";

const assumeRole = { RoleArn: "arn:aws:iam::123456789012:role/job" };

new RefreshableSession({ assumeRole });

new RefreshableSession({ assumeRole, maxWait: 2 });

new RefreshableSession({ assumeRole, policy: "adaptive" });

new RefreshableSession({ assumeRole, stability: "strict", maxWait: 0 });

new RefreshableSession({ assumeRole, stability: "static", maxStale: 3600 });

new RefreshableSession({ assumeRole, deferRefresh: false });
