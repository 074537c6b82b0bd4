// Watches the instances of the wasm module, for the Node worker and the Node soak.

/**
 * Has a function told of each instance that is made from now on: of its memory, and of the
 * handles that its sessions have, a set that is kept up to date.
 */
export function watchInstances(tell) {
  const real = WebAssembly.Instance;
  const made = (module, imports) => {
    const { exports } = new real(module, imports);
    const handles = new Set();
    tell(new WeakRef(exports.memory), handles);
    return { exports: counted(exports, handles) };
  };
  WebAssembly.Instance = function (...args) {
    return made(...args);
  };
}

/** The exports, with a note of each handle from its making to its end. */
function counted(exports, handles) {
  const noted = Object.entries(exports).map(([name, real]) => {
    if (/_(session_new|session_restore)$/.test(name)) {
      const make = (...args) => {
        const handle = real(...args);
        if (handle > 0) handles.add(handle);
        return handle;
      };
      return [name, make];
    }
    if (name.endsWith("_free")) {
      const free = (handle) => {
        handles.delete(handle);
        return real(handle);
      };
      return [name, free];
    }
    return [name, real];
  });
  return Object.fromEntries(noted);
}
