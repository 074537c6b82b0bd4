import { RefreshableSession } from "evercreds";

const assumeRole = { RoleArn: "arn:aws:iam::123456789012:role/job" };

// --8<-- [start:default]
new RefreshableSession({ assumeRole });
// --8<-- [end:default]

// --8<-- [start:server]
new RefreshableSession({ assumeRole, maxWait: 2 });
// --8<-- [end:server]

// --8<-- [start:fleet]
new RefreshableSession({ assumeRole, policy: "adaptive" });
// --8<-- [end:fleet]

// --8<-- [start:strict]
new RefreshableSession({ assumeRole, stability: "strict", maxWait: 0 });
// --8<-- [end:strict]

// --8<-- [start:static]
new RefreshableSession({ assumeRole, stability: "static", maxStale: 3600 });
// --8<-- [end:static]

// --8<-- [start:eager]
new RefreshableSession({ assumeRole, deferRefresh: false });
// --8<-- [end:eager]
