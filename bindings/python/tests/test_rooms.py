"""The package's folders: what each imports, and that no two import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import evercreds

ROOT = Path(evercreds.__file__).parent
PUBLIC = {"__init__", "aio", "config", "errors", "exceptions", "session"}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in ROOT.rglob("*.py")}


def _imports(tree: ast.AST) -> set[str]:
    """List what a module imports as it runs: not for a type checker, nor later in a function."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
        else:
            found |= _imports(node)
    return {name for name in found if name in MODULES}


GRAPH = {name: _imports(ast.parse(path.read_text())) for name, path in MODULES.items()}


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Give one circle; empty where there is none."""
    done: set[str] = set()

    def visit(at: str, way: list[str]) -> list[str]:
        if at in way:
            return [*way[way.index(at) :], at]
        if at not in done:
            for each in sorted(graph[at]):
                if circle := visit(each, [*way, at]):
                    return circle
            done.add(at)
        return []

    return next((circle for at in sorted(graph) if (circle := visit(at, []))), [])


def _room(module: str) -> str:
    """Name a module's folder; a public module of the root is one of its own."""
    return ".".join(module.split(".")[:2])


def test_no_modules_import_each_other() -> None:
    assert _circle(GRAPH) == []


def test_no_private_rooms_import_each_other() -> None:
    private = {name for name in GRAPH if _room(name).startswith("evercreds._")}
    rooms: dict[str, set[str]] = {_room(name): set() for name in private}
    for name in private:
        rooms[_room(name)] |= {_room(each) for each in GRAPH[name] & private} - {_room(name)}
    assert _circle(rooms) == []


def test_the_root_has_public_modules_alone() -> None:
    assert {path.stem for path in ROOT.glob("*.py")} == PUBLIC


def test_a_circle_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
