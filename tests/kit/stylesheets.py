# SPDX-License-Identifier: GPL-2.0-or-later
"""Stylesheets that are parsed once a process: every app of a test has the same ones, and parsing
them takes longer than most tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def parsed_once() -> Iterator[None]:
    """While it lasts, equal texts with equal variables give the rules that were parsed before."""
    parse = Stylesheet._parse_rules
    known: dict[tuple[object, ...], list[RuleSet]] = {}

    def remembered(self: Stylesheet, *words: Any, **more: Any) -> list[RuleSet]:
        key = (words, *sorted(more.items()), *sorted(self._variables.items()))
        if key not in known:
            known[key] = parse(self, *words, **more)
        return known[key]

    with patch.object(Stylesheet, "_parse_rules", remembered):
        yield
