# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the commit and the branches in the subject of a request to the stable maintainers."""

import re

_REQUESTED = re.compile(r"\b(?P<commit>[0-9a-f]{12,40}) \(\".*\"\) to (?P<places>.+)$")
_VERSION = re.compile(r"(?<![\w.])(\d+\.\d+)(?=[\s.,:;)?!]|$)(?:\.(?:y|\d+))?")


def parse_request_subject(subject: str) -> tuple[str, tuple[str, ...]]:
    """Return the commit that a request names, and the branches, or "" and () for another subject.

    The branches are as named, for example `6.1` or `linux-6.6.y`.
    """
    match = _REQUESTED.search(subject.strip())
    if match is None:
        return "", ()
    return match["commit"], tuple(re.split(r",?\s+and\s+|[,\s]+", match["places"].strip()))


def find_versions(text: str) -> tuple[str, ...]:
    """Return the versions of stable branches that a text names: `6.1` for `6.1.y` and `6.1.76`."""
    return tuple(dict.fromkeys(_VERSION.findall(text.replace("linux-", ""))))
