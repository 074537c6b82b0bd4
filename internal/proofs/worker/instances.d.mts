export declare function watchInstances(
  tell: (memory: WeakRef<WebAssembly.Memory>, handles: ReadonlySet<number>) => void,
): void;
