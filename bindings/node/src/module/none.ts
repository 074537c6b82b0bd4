/** Browsers and other runtimes: the program gives the module to `initialize`. */
export const theModule = (): object | undefined => undefined;
