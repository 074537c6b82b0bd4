// Jest's own CommonJS, without the flag for modules: sts, whoami and fake timers.
// title: Jest, CommonJS
// framework: jest
// environment: runtimes
// run: jest --ci --rootDir=. --testEnvironment=node
// time: 120s
