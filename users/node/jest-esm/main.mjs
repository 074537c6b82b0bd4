// Jest with --experimental-vm-modules, which its ES modules need.
// title: Jest, ES modules
// framework: jest
// environment: runtimes
// run: node --experimental-vm-modules --no-warnings ../../node_modules/jest/bin/jest.js --ci --rootDir=. --testEnvironment=node --testMatch=**/*.test.mjs
// time: 120s
