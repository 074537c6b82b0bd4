// Next's pages router, built by webpack: a route of Node with a role, and one of the edge runtime with
// credentials of a backend.
// title: Next, webpack
// framework: next
// environment: edges
// moto: yes
// time: 600s
import { next } from "./next.mjs";

await next("--webpack", ["/api/node", "/api/edge"]);
