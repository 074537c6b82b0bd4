// The resolver of import statements that node-resolve.cjs registers.

import { isBuiltin } from "node:module";

let packageParentURL;

export function initialize(data) {
  packageParentURL = data.parentURL;
}

const isBare = (name) => !/^(?:[./#]|[a-z]+:)/i.test(name) && !isBuiltin(name);
const isOwn = (name) => name === "evercreds" || name.startsWith("evercreds/");

export async function resolve(name, context, nextResolve) {
  const fromPackage = { ...context, parentURL: packageParentURL };
  if (isOwn(name)) return nextResolve(name, fromPackage);
  try {
    return await nextResolve(name, context);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !isBare(name)) throw error;
    try {
      return await nextResolve(name, fromPackage);
    } catch {
      throw error;
    }
  }
}
