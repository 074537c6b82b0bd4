// Next's app router, built by Turbopack: a route of Node with a role, and one of the edge runtime with
// credentials of a backend.
// title: Next, Turbopack
// framework: next
// environment: edges
// moto: yes
// time: 600s
import { next } from "./next.mjs";

await next("--turbopack", ["/node", "/edge"]);
