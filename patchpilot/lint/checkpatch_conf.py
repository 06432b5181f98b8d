# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings that the rules read from a tree: its .checkpatch.conf and its headers' functions."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patchpilot.model.rule import Rule
from patchpilot.model.source_tree import Tree

FILE_NAME = ".checkpatch.conf"
_HEADERS = "include/linux"


class CheckpatchConf(NamedTuple):
    """The options of a .checkpatch.conf that apply to this linter.

    They are the types to ignore, the only types to report (empty: all), and limits (0: not set).
    """

    ignore: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    strict: bool = False
    max_line_length: int = 0
    help_lines: int = 0


def read_conf(tree: Tree | None) -> CheckpatchConf:
    """Return the options in a tree's .checkpatch.conf, except meaningless ones."""
    text = (tree.read(FILE_NAME) if tree else None) or b""
    words = [
        word
        for line in text.decode("utf-8", "replace").splitlines()
        for word in re.split(r"(?:^|\s)#", line, maxsplit=1)[0].split()
    ]
    options: dict[str, list[str]] = {}
    name = ""
    for word in words:
        value = word
        if word.startswith("-"):
            name, _, value = word.lstrip("-").partition("=")
        options.setdefault(name, []).extend([value] if value else [])
    return CheckpatchConf(
        ignore=_types(options.get("ignore", ())),
        types=_types(options.get("types", ())),
        strict="strict" in options or "subjective" in options,
        max_line_length=_number(options.get("max-line-length", ())),
        help_lines=_number(options.get("min-conf-desc-length", ())),
    )


def usable(rules: Iterable[Rule], tree: Tree | None) -> tuple[Rule, ...]:
    """Return the rules whose advice is valid in this tree.

    A rule that recommends a function is usable only if the tree's headers have that function.
    """
    every = tuple(rules)
    if tree is None or not tree.is_dir(_HEADERS):
        return every
    headers: dict[str, bytes] = {}
    return tuple(
        rule
        for rule in every
        if all(_provides(tree, headers, need) for need in rule.needs)
    )


def _provides(tree: Tree, headers: dict[str, bytes], need: str) -> bool:
    header, _, function = need.partition(" ")
    if header not in headers:
        headers[header] = tree.read(header) or b""
    return re.search(rb"\b" + function.encode() + rb"\b", headers[header]) is not None


def _types(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.upper() for value in values for word in value.split(",") if word)


def _number(values: Sequence[str]) -> int:
    return (
        int(values[-1])
        if values and values[-1].isascii() and values[-1].isdigit()
        else 0
    )
