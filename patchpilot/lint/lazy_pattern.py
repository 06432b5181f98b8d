# SPDX-License-Identifier: GPL-2.0-or-later
"""Rule patterns that are compiled on first use."""

import re

from patchpilot.cache.cached_re import compile_late


def lazy(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern that is compiled on first use, in which \w, \s, \d and \b match ASCII
    only.
    """
    return compile_late(text, flags | re.ASCII)
