# SPDX-License-Identifier: GPL-2.0-or-later
"""Stable trees in a subject prefix.

Forms are [PATCH 6.1.y], [PATCH linux-6.1.y], [PATCH stable 6.1] and [PATCH 5.10/5.15].
"""

import re
from collections.abc import Sequence
from functools import cache


@cache
def _stable() -> re.Pattern[str]:
    return re.compile(
        r"(?:for-)?(?:linux-)?(?:stable-)?(?:linux-)?v?(?P<version>\d{1,2}\.\d{1,3})(?:\.\d+)?(?P<tree>\.y)?(?:-(?:stable|lts))?",
        re.IGNORECASE,
    )


@cache
def _stable_word() -> re.Pattern[str]:
    return re.compile(
        r"(?:for-)?(?:linux-)?(?:-?stable|-?backport|-?lts)(?:-only|-rc)?|for-stable",
        re.IGNORECASE,
    )


def stable_versions(words: Sequence[str]) -> tuple[str, ...]:
    """Return the versions of the stable trees that a subject prefix names.

    `[PATCH 6.1.y]` and `[PATCH stable 6.1]` give ("6.1",), and `[PATCH 5.10/5.15]` gives two
    versions.
    """
    result: dict[str, None] = {}
    for at, word in enumerate(words):
        for part in re.split(r"[/+|&]|(?<=\d)-(?=\d)|(?<=\.y)-(?=\d)", word):
            match = _stable().fullmatch(part)
            # "for 6.2" names the next mainline release
            early = (
                at > 0 and words[at - 1].lower() == "for"
            ) or part.lower().startswith("for-")
            if match and (match["tree"] or not early or "stable" in part.lower()):
                result.setdefault(match["version"])
    return tuple(result)


def is_for_stable(words: Sequence[str]) -> bool:
    """Return whether a subject prefix names a stable tree or marks the patch as being for
    stable.
    """
    return bool(stable_versions(words)) or any(
        _stable_word().fullmatch(word) for word in words
    )
