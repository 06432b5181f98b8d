# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the symbols in a kernel tree's Kconfig files, without running anything from the tree."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from patchpilot.building.kconfig_expression import (
    Expression,
    Symbol,
    joined,
    parse_expression,
)

Read = Callable[[str], str | None]
"""A function that returns the text of a file in the tree, or None."""

TYPES = ("bool", "tristate", "int", "hex", "string", "def_bool", "def_tristate")
_BLOCKS = ("if", "menu", "choice")
_STATEMENT = re.compile(r"([a-z_]+)(?=[\s(\"]|$)\s*(?![:+]?=)(.*)")
_IF = re.compile(r"^(.*?)(?:\s+if\s+(.*))?$")
_PROMPT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:if\s+(.*))?""")
_VARIABLE = re.compile(r"\$\((\w+)\)|\$(\w+)")
_MOST_FILES = 5000


@dataclass(slots=True)
class Config:
    """A Kconfig symbol.

    It has a type, and its prompts, defaults and selecting symbols, each with a condition. `depends`
    has one expression for each definition of the symbol, at least one of which must hold.
    """

    name: str
    kind: str = ""
    depends: list[Expression] = field(default_factory=list)
    prompts: list[Expression] = field(default_factory=list)
    defaults: list[tuple[Expression, Expression]] = field(default_factory=list)
    selected_by: list[tuple[str, Expression]] = field(default_factory=list)


class Kconfig:
    """A tree's Kconfig symbols by name, for one architecture (a directory in arch/)."""

    def __init__(self, read: Read, source_arch: str) -> None:
        self.symbols: dict[str, Config] = {}
        self._read = read
        self._variables = {"SRCARCH": source_arch, "ARCH": source_arch, "srctree": "."}
        self._seen: set[str] = set()
        self._blocks: list[tuple[Expression, Expression]] = []
        self._entry: list[tuple[str, str]] = []
        self._source("Kconfig")

    def _source(self, path: str) -> None:
        if path in self._seen or len(self._seen) > _MOST_FILES:
            return
        self._seen.add(path)
        text = self._read(path)
        for line in _list_statements(text or ""):
            self._parse_statement(line, path)
        self._close()

    def _parse_statement(self, line: str, path: str) -> None:
        found = _STATEMENT.match(line)
        if not found:
            return
        word, rest = found[1], found[2].strip()
        if word in ("source", "rsource", "osource", "orsource"):
            self._close()
            named = self._expand_variables(rest.strip("\"'"))
            below = path.rpartition("/")[0] if "rsource" in word else ""
            self._source(f"{below}/{named}" if below else named)
        elif word in ("config", "menuconfig", "comment", *_BLOCKS):
            self._close()
            self._entry = [(word, rest)]
        elif word in ("endif", "endmenu", "endchoice"):
            self._close()
            del self._blocks[-1:]
        elif self._entry:
            self._entry.append((word, rest))

    def _close(self) -> None:
        """Store the symbol whose lines were read, or open the block."""
        if not self._entry:
            return
        (kind, name), *properties = self._entry
        self._entry = []

        def conditions(word: str, start: str) -> Expression:
            rests = (rest for key, rest in properties if key == word)
            return joined(
                *(parse_expression(rest.removeprefix(start)) for rest in rests)
            )

        own = parse_expression(name) if kind == "if" else conditions("depends", "on")
        if kind in _BLOCKS:
            self._blocks.append((own, conditions("visible", "if")))
        elif kind != "comment":
            depends = joined(*(above for above, _ in self._blocks), own)
            self._define(name, depends, properties)

    def _define(
        self, name: str, depends: Expression, properties: list[tuple[str, str]]
    ) -> None:
        config = self.symbols.setdefault(name, Config(name))
        config.depends.append(depends)
        shown = joined(depends, *(visible for _, visible in self._blocks))
        for word, rest in properties:
            if word in TYPES:
                config.kind = config.kind or word.removeprefix("def_")
            if word.startswith("def"):
                value, when = _split(rest)
                both = parse_expression(value), joined(depends, when)
                config.defaults.append(both)
            elif rest and word in (*TYPES, "prompt"):
                prompt = _PROMPT.match(rest)
                when = parse_expression((prompt and prompt[2]) or "")
                config.prompts.append(joined(shown, when))
            elif word in ("select", "imply"):
                named, when = _split(rest)
                target = self.symbols.setdefault(named, Config(named))
                if word == "select":
                    target.selected_by.append((name, when))
                else:
                    target.defaults.append((Symbol(name), when))

    def _expand_variables(self, text: str) -> str:
        return _VARIABLE.sub(
            lambda found: self._variables.get(found[1] or found[2], ""), text
        ).removeprefix("./")


def _list_statements(text: str) -> Iterator[str]:
    """Yield the statements of a file, with continued lines joined and without comments and help
    texts.
    """
    help_at: int | None = None
    held = ""
    for raw in text.split("\n"):
        line = raw.expandtabs(8)
        bare = line.strip()
        if help_at is not None:
            if not bare:
                continue
            indent = len(line) - len(line.lstrip())
            help_at = help_at or indent
            if 0 < help_at <= indent:
                continue
            help_at = None
        if bare in ("help", "---help---"):
            help_at = 0
            continue
        if not bare or bare.startswith("#"):
            continue
        if bare.endswith("\\"):
            held += bare[:-1] + " "
            continue
        at = bare.find(" #")
        has_comment = at >= 0 and '"' not in bare[at:]
        yield held + (bare[:at].rstrip() if has_comment else bare)
        held = ""


def _split(text: str) -> tuple[str, Expression]:
    found = _IF.match(text)
    assert found
    return found[1].strip(), parse_expression(found[2] or "")
