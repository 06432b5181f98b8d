# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a kernel tree's symbols from its Kconfig files, without running anything from the tree."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from patchpilot.building.kconfig_expression import (
    YES,
    Expression,
    Symbol,
    joined,
    parse_expression,
)

Read = Callable[[str], str | None]
"""Returns the text of a file of the tree, None where there is none."""

TYPES = ("bool", "tristate", "int", "hex", "string", "def_bool", "def_tristate")
_STATEMENT = re.compile(r"([a-z_]+)(?=[\s(\"]|$)\s*(?![:+]?=)(.*)")
_IF = re.compile(r"^(.*?)(?:\s+if\s+(.*))?$")
_PROMPT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:if\s+(.*))?""")
_VARIABLE = re.compile(r"\$\((\w+)\)|\$(\w+)")
_MOST_FILES = 5000


@dataclass(slots=True)
class Config:
    """A Kconfig symbol.

    Contains its type and its prompts, defaults and selecting symbols, each with its condition.
    `depends` has one expression for each definition of the symbol, at least one of which must
    hold.
    """

    name: str
    kind: str = ""
    depends: list[Expression] = field(default_factory=list)
    prompts: list[Expression] = field(default_factory=list)
    defaults: list[tuple[Expression, Expression]] = field(default_factory=list)
    selected_by: list[tuple[str, Expression]] = field(default_factory=list)


@dataclass(slots=True)
class _Entry:
    """A definition or block being read; blocks and comments have no config."""

    config: Config | None
    context: Expression
    own: Expression = YES
    prompts: list[Expression] = field(default_factory=list)
    defaults: list[tuple[Expression, Expression]] = field(default_factory=list)
    targets: list[tuple[str, str, Expression]] = field(default_factory=list)
    visible: Expression = YES


class Kconfig:
    """A tree's Kconfig symbols by name, for one architecture (a directory in arch/)."""

    def __init__(self, read: Read, source_arch: str) -> None:
        self.symbols: dict[str, Config] = {}
        self._read = read
        self._variables = {"SRCARCH": source_arch, "ARCH": source_arch, "srctree": "."}
        self._seen: set[str] = set()
        self._blocks: list[_Entry] = []
        self._entry: _Entry | None = None
        self._source("Kconfig")
        self._close()

    def _source(self, path: str) -> None:
        if path in self._seen or len(self._seen) > _MOST_FILES:
            return
        self._seen.add(path)
        text = self._read(path)
        for line in _lines(text or ""):
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
        elif word in ("config", "menuconfig"):
            self._close()
            config = self.symbols.setdefault(rest, Config(rest))
            self._entry = _Entry(config, self._context())
        elif word in ("if", "menu", "choice", "comment"):
            self._open_block(word, rest)
        elif word in ("endif", "endmenu", "endchoice"):
            self._close()
            del self._blocks[-1:]
        elif self._entry:
            self._property(self._entry, word, rest)

    def _open_block(self, word: str, rest: str) -> None:
        self._close()
        entry = _Entry(None, YES)
        if word == "if":
            entry.own = parse_expression(rest)
        else:
            self._entry = entry
        if word != "comment":
            self._blocks.append(entry)

    def _property(self, entry: _Entry, word: str, rest: str) -> None:
        if word in TYPES:
            self._type(entry, word, rest)
        elif word == "prompt":
            entry.prompts.append(_prompt_condition(rest))
        elif word == "depends":
            entry.own = joined(entry.own, parse_expression(rest.removeprefix("on")))
        elif word == "visible":
            entry.visible = parse_expression(rest.removeprefix("if"))
        elif word == "default":
            entry.defaults.append(_split_condition(rest))
        elif word in ("select", "imply"):
            entry.targets.append((word, *_split(rest)))

    def _type(self, entry: _Entry, word: str, rest: str) -> None:
        if entry.config and not entry.config.kind:
            entry.config.kind = word.removeprefix("def_")
        if word.startswith("def_"):
            entry.defaults.append(_split_condition(rest))
        elif rest:
            entry.prompts.append(_prompt_condition(rest))

    def _context(self) -> Expression:
        """Return the dependencies of all enclosing blocks."""
        return joined(*(block.own for block in self._blocks))

    def _close(self) -> None:
        """Store the properties parsed for a symbol."""
        entry, self._entry = self._entry, None
        if entry is None or entry.config is None:
            return
        depends = joined(entry.context, entry.own)
        config = entry.config
        config.depends.append(depends)
        shown = joined(depends, *(block.visible for block in self._blocks))
        config.prompts += [joined(shown, prompt) for prompt in entry.prompts]
        config.defaults += [
            (value, joined(depends, when)) for value, when in entry.defaults
        ]
        for word, name, condition in entry.targets:
            target = self.symbols.setdefault(name, Config(name))
            if word == "select":
                target.selected_by.append((config.name, condition))
            else:
                target.defaults.append((Symbol(config.name), condition))

    def _expand_variables(self, text: str) -> str:
        def value(found: "re.Match[str]") -> str:
            return self._variables.get(found[1] or found[2], "")

        return _VARIABLE.sub(value, text).removeprefix("./")


def _lines(text: str) -> Iterator[str]:
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
        yield held + _strip_comment(bare)
        held = ""


def _strip_comment(text: str) -> str:
    at = text.find(" #")
    return text if at < 0 or '"' in text[at:] else text[:at].rstrip()


def _split(text: str) -> tuple[str, Expression]:
    found = _IF.match(text)
    assert found
    return found[1].strip(), parse_expression(found[2] or "")


def _split_condition(text: str) -> tuple[Expression, Expression]:
    value, condition = _split(text)
    return parse_expression(value), condition


def _prompt_condition(text: str) -> Expression:
    found = _PROMPT.match(text)
    return parse_expression(found[2] or "") if found else YES
