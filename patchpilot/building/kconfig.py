# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the symbols in a kernel tree's Kconfig files, without running anything from the tree."""

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
"""A function that returns the content of a file in the tree, or None."""

TYPES = ("bool", "tristate", "int", "hex", "string", "def_bool", "def_tristate")
_BLOCKS = ("if", "menu", "choice")
_STATEMENT = re.compile(r"([a-z_]+)(?=[\s(\"]|$)\s*(?![:+]?=)(.*)")
_IF = re.compile(r"^(.*?)(?:\s+if\s+(.*))?$")
_PROMPT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:if\s+(.*))?""")
_VARIABLE = re.compile(r"\$\((\w+)\)|\$(\w+)")
_MAX_FILES = 5000


@dataclass(slots=True)
class Config:
    """A Kconfig symbol.

    Prompts, defaults and selecting symbols each have a condition. `depends` contains the
    dependencies of each definition of the symbol; one of these must be met.
    """

    name: str
    kind: str = ""
    depends: list[Expression] = field(default_factory=list)
    prompts: list[Expression] = field(default_factory=list)
    defaults: list[tuple[Expression, Expression]] = field(default_factory=list)
    selected_by: list[tuple[str, Expression]] = field(default_factory=list)


class Kconfig:
    """A tree's Kconfig symbols by name, for one directory in arch/."""

    def __init__(self, read: Read, source_arch: str) -> None:
        self.symbols: dict[str, Config] = {}
        self._read = read
        self._variables = {"SRCARCH": source_arch, "ARCH": source_arch, "srctree": "."}
        self._seen: set[str] = set()
        self._blocks: list[tuple[Expression, Expression]] = []
        self._entry: list[tuple[str, str]] = []
        self._source("Kconfig")

    def _source(self, path: str) -> None:
        if path in self._seen or len(self._seen) > _MAX_FILES:
            return
        self._seen.add(path)
        text = self._read(path)
        for line in _list_statements(text or ""):
            self._parse_statement(line, path)
        self._close()

    def _parse_statement(self, line: str, path: str) -> None:
        match = _STATEMENT.match(line)
        if not match:
            return
        keyword, argument = match[1], match[2].strip()
        if keyword in ("source", "rsource", "osource", "orsource"):
            self._close()
            source_path = self._expand_variables(argument.strip("\"'"))
            folder = path.rpartition("/")[0] if "rsource" in keyword else ""
            self._source(f"{folder}/{source_path}" if folder else source_path)
        elif keyword in ("config", "menuconfig", "comment", *_BLOCKS):
            self._close()
            self._entry = [(keyword, argument)]
        elif keyword in ("endif", "endmenu", "endchoice"):
            self._close()
            del self._blocks[-1:]
        elif self._entry:
            self._entry.append((keyword, argument))

    def _close(self) -> None:
        """Finish the current entry by defining its symbol or opening its block."""
        if not self._entry:
            return
        (kind, name), *properties = self._entry
        self._entry = []

        def conditions(keyword: str, prefix: str) -> Expression:
            arguments = (argument for key, argument in properties if key == keyword)
            return joined(
                *(parse_expression(argument.removeprefix(prefix)) for argument in arguments)
            )

        condition = parse_expression(name) if kind == "if" else conditions("depends", "on")
        if kind in _BLOCKS:
            self._blocks.append((condition, conditions("visible", "if")))
        elif kind != "comment":
            depends = joined(*(block_condition for block_condition, _ in self._blocks), condition)
            self._define(name, depends, properties)

    def _define(self, name: str, depends: Expression, properties: list[tuple[str, str]]) -> None:
        config = self.symbols.setdefault(name, Config(name))
        config.depends.append(depends)
        prompt_condition = joined(depends, *(visible for _, visible in self._blocks))
        for keyword, argument in properties:
            if keyword in TYPES:
                config.kind = config.kind or keyword.removeprefix("def_")
            if keyword.startswith("def"):
                value, condition = _split_condition(argument)
                default = parse_expression(value), joined(depends, condition)
                config.defaults.append(default)
            elif argument and keyword in (*TYPES, "prompt"):
                prompt = _PROMPT.match(argument)
                condition = parse_expression((prompt and prompt[2]) or "")
                config.prompts.append(joined(prompt_condition, condition))
            elif keyword in ("select", "imply"):
                target_name, condition = _split_condition(argument)
                target = self.symbols.setdefault(target_name, Config(target_name))
                if keyword == "select":
                    target.selected_by.append((name, condition))
                else:
                    target.defaults.append((Symbol(name), condition))

    def _expand_variables(self, text: str) -> str:
        return _VARIABLE.sub(
            lambda match: self._variables.get(match[1] or match[2], ""), text
        ).removeprefix("./")


def _list_statements(text: str) -> Iterator[str]:
    """Yield the statements in a file.

    Comments and help texts are dropped, and continued lines joined.
    """
    help_indent: int | None = None
    joined_line = ""
    for raw_line in text.split("\n"):
        line = raw_line.expandtabs(8)
        stripped = line.strip()
        if help_indent is not None:
            if not stripped:
                continue
            indent = len(line) - len(line.lstrip())
            help_indent = help_indent or indent
            if 0 < help_indent <= indent:
                continue
            help_indent = None
        if stripped in ("help", "---help---"):
            help_indent = 0
            continue
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.endswith("\\"):
            joined_line += stripped[:-1] + " "
            continue
        comment_start = stripped.find(" #")
        has_comment = comment_start >= 0 and '"' not in stripped[comment_start:]
        yield joined_line + (stripped[:comment_start].rstrip() if has_comment else stripped)
        joined_line = ""


def _split_condition(text: str) -> tuple[str, Expression]:
    match = _IF.match(text)
    assert match
    return match[1].strip(), parse_expression(match[2] or "")
