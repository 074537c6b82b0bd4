declare module "evercreds:store-cases" {
  const cases: unknown;
  export default cases;
}
