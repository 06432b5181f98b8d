# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse stylesheets only once per process, because parsing takes longer than most tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def cache_parsed_rules() -> Iterator[None]:
    """Cache parsed rules by their text and variables."""
    parse = Stylesheet._parse_rules
    known: dict[tuple[object, ...], list[RuleSet]] = {}

    def remembered(self: Stylesheet, *words: Any, **more: Any) -> list[RuleSet]:
        key = (words, *sorted(more.items()), *sorted(self._variables.items()))
        if key not in known:
            known[key] = parse(self, *words, **more)
        return known[key]

    with patch.object(Stylesheet, "_parse_rules", remembered):
        yield
