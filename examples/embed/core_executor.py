"""A core executor (docs/reference/conformance.md): each line of input is a call."""

import sys
from pathlib import Path

from module import Module, halves


def main(wasm: str) -> None:
    """Make the calls on standard input, and write a line for each."""
    module = Module(Path(wasm))
    for line in sys.stdin:
        name, *words = line.split()
        args: list[float] = []
        for word in words:
            kind, _, rest = word.rpartition(":")
            if kind == "h":
                args += halves(int(rest))
            elif kind in ("b", "w"):
                args.append(module.write(bytes.fromhex(rest)))
            elif word != "o":
                args.append(float(word))
        result = module.call(name, *args)
        answer = [str(result)]
        if result >= 0 and "o" in words:
            answer += map(str, module.decision())
        if result >= 0 and any(word.startswith("w:") for word in words):
            answer.append(module.read(result).hex())
        print(*answer, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
