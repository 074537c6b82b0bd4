using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-03-01",
  modules = [
    (name = "worker.mjs", esModule = embed "out/worker.mjs"),
    (name = "evercreds.wasm", wasm = embed "out/evercreds.wasm"),
  ],
  bindings = [
    (name = "AWS_REGION", fromEnvironment = "AWS_REGION"),
    (name = "AWS_ENDPOINT_URL", fromEnvironment = "AWS_ENDPOINT_URL"),
    (name = "AWS_ACCESS_KEY_ID", fromEnvironment = "AWS_ACCESS_KEY_ID"),
    (name = "AWS_SECRET_ACCESS_KEY", fromEnvironment = "AWS_SECRET_ACCESS_KEY"),
    (name = "ROLE_ARN", fromEnvironment = "ROLE_ARN"),
  ],
);
