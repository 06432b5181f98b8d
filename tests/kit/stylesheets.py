# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache parsed stylesheets, because parsing them takes longer than most tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def cache_parsed_rules() -> Iterator[None]:
    """Cache the rules parsed from stylesheets by the parser's arguments and variables."""
    parse = Stylesheet._parse_rules
    cache: dict[tuple[object, ...], list[RuleSet]] = {}

    def parse_cached(self: Stylesheet, *args: Any, **kwargs: Any) -> list[RuleSet]:
        key = (args, *sorted(kwargs.items()), *sorted(self._variables.items()))
        if key not in cache:
            cache[key] = parse(self, *args, **kwargs)
        return cache[key]

    with patch.object(Stylesheet, "_parse_rules", parse_cached):
        yield
