# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns of rules that are compiled when they are first used."""

import re

from patchpilot.cache.cached_re import late


def lazy(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern that is compiled at first use. There \w, \s, \d and \b match ASCII only."""
    return late(text, flags | re.ASCII)
