declare module "evercreds:module-as-text" {
  const text: string;
  export default text;
}

declare module "*.wasm" {
  const module: object;
  export default module;
}

declare module "*.wasm?module" {
  const module: object;
  export default module;
}
