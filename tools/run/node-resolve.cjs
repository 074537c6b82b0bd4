"use strict";
// Lets a program anywhere on the disk import "evercreds" and the AWS SDK: what
// is not found beside the program is looked for beside the package as built,
// and "evercreds" is always the package as built.

const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const packageDir = path.resolve(__dirname, "../../bindings/node");
const insidePackage = path.join(packageDir, "program.cjs");

const isBare = (name) => !/^(?:[./#]|[a-z]+:)/i.test(name) && !Module.isBuiltin(name);
const isOwn = (name) => name === "evercreds" || name.startsWith("evercreds/");

// require(): a package resolves its own name, so asking as a file of the
// package finds both itself and what it was built with.
const resolveFilename = Module._resolveFilename;
const insider = new Module(insidePackage);
insider.filename = insidePackage;
insider.paths = Module._nodeModulePaths(packageDir);

Module._resolveFilename = function (name, parent, ...rest) {
  if (isOwn(name)) return resolveFilename.call(this, name, insider, false);
  try {
    return resolveFilename.call(this, name, parent, ...rest);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND" || !isBare(name)) throw error;
    try {
      return resolveFilename.call(this, name, insider, false);
    } catch {
      throw error;
    }
  }
};

// import: the same in a loader, which Node 20 runs in a thread of its own.
Module.register(pathToFileURL(path.join(__dirname, "node-resolve-import.mjs")), {
  data: { parentURL: pathToFileURL(insidePackage).href },
});
