// Deno runs the package from node_modules, with the rights to read, to see the environment
// and to reach AWS.
// title: Deno
// framework: deno
// environment: runtimes
// run: deno run --allow-read --allow-env --allow-net --allow-sys --node-modules-dir=manual main.mjs
// time: 120s
import "./app.mjs";
