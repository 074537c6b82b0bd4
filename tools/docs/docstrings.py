"""What the site's Python reference makes of docstrings: an extension of griffe.

Roles of Sphinx (``:class:`~a.b.C```) become code. A parameter that the docstring has and the
signature takes by ``**kwargs`` is no required one. A class has the signatures of one constructor.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|meth|func|mod|attr|exc|data):`(~?)([\w.]+)`")


def _code(found: re.Match[str]) -> str:
    name = found[2].rsplit(".", 1)[-1] if found[1] else found[2]
    return f"`{name}`"


class Docstrings(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(_code, obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        self._see(pkg)

    def _read(self, sections: list[griffe.DocstringSection]) -> None:
        """Write roles as code in what was parsed before this extension saw the docstring."""
        for section in sections:
            if isinstance(section.value, str):
                section.value = ROLE.sub(_code, section.value)
            for item in section.value if isinstance(section.value, list) else ():
                if isinstance(getattr(item, "description", None), str):
                    item.description = ROLE.sub(_code, item.description)

    def _see(self, obj: griffe.Object) -> None:
        # Type checkers differ in which of __new__ and __init__ they read, so both say the same.
        if obj.is_function and obj.overloads:
            told = {
                str([(p.name, str(p.annotation)) for p in one.parameters if p.name != "self"]): one
                for one in obj.overloads
            }
            obj.overloads = list(told.values())
        if obj.docstring is not None:
            self._read(obj.docstring.parsed)
        if obj.docstring is not None and (obj.is_class or obj.is_function):
            known = {parameter.name.lstrip("*") for parameter in getattr(obj, "parameters", ())}
            for section in obj.docstring.parsed:
                if section.kind is griffe.DocstringSectionKind.parameters:
                    for parameter in section.value:
                        if parameter.name.lstrip("*") not in known:
                            parameter.value = "..."
        for member in obj.members.values():
            if not member.is_alias:
                self._see(member)
