# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the form of a commit message."""

import re
from collections.abc import Mapping

from patchpilot.cache.cached_re import compile_cached

CommitForm = tuple[str, tuple[str, ...], str]
"""A subject, the marks (keys of MARKS) of the message, and the name of who signed off last."""

MARKS: Mapping[str, str] = {
    "Fixes:": r"^Fixes: *[0-9a-f]{6}",
    "Cc: stable": r"^[Cc]c:.*\bstable@",
    "Link:": r"^Link: *http",
    "Closes:": r"^Closes: *http",
    "Reviewed-by:": r"^Reviewed-by:",
    "Fixes: above the sign-off": r"^Fixes:(?:.*\n)+?Signed-off-by:",
    "changelog in the message": r"^(?:Changes (?:in|since) v\d|[vV]\d+ ?:|v\d+ ?-+> ?v\d)",
    "line over 75 columns": r"^(?![A-Z][\w-]+: |[ \t>|]).{76,}$",
}
"""What a message may contain, as patterns for its lines."""


def form_of(message: str) -> CommitForm:
    """Return the form of a whole commit message."""
    subject, _, rest = message.strip("\n").partition("\n\n")
    signed = re.findall(r"^Signed-off-by: ([^<\n]*[^<\s])", rest, re.MULTILINE)
    marks = tuple(
        mark
        for mark, text in MARKS.items()
        if compile_cached(text, re.MULTILINE).search(rest)
    )
    return " ".join(subject.split()), marks, signed[-1] if signed else ""
