# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the form of a patch.

They check whether it is a patch, whether it applies, and which files it creates, moves or makes
executable.
"""

import re
from collections.abc import Iterator

from patchpilot.lint.c.line_scan import LineScan, scan
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

_STARTS = lazy(
    r"^(?: mode change [0-7]+ => [0-7]+ \S+\s*$|rename (?:from|to) \S+\s*$|diff --git a/[\w/._\-]+"
    r" b/\S+\s*$)",
    re.ASCII,
)
_MAINTAINERS_STAT = lazy(r"^\s*MAINTAINERS\s*\|")
_MADE_OR_MOVED = lazy(
    r"^(?:(?:new|deleted) file mode\s*\d+\s*$|rename (?:from|to) [\w/.\-]+\s*$)"
)
_BRACED_MOVE = lazy(r"\{\s*[\w/.\-]*\s*=>\s*[\w/.\-]*\s*\}")
_BINDING = ("Documentation/devicetree/", "include/dt-bindings/")
_NEW_SIDE = lazy(r"^\+\+\+\s+(\S+)")


def is_patch(lines: LineScan) -> bool:
    """Return whether any part of the message changes files, by a hunk, rename or new mode."""
    before = False
    for line in lines.lines:
        if line.starts_hunk:
            return True
        text = line.text
        if not before and text[:1] in (" ", "r", "d") and _STARTS.match(text):
            return True
        before = line.log_after
    return any(True for _ in _moves(lines))


def last_line(lines: LineScan) -> int:
    """Return the patch line for findings about the whole patch.

    It is the last line that is not a hunk header.
    """
    return next(
        (line.number for line in reversed(lines.lines) if not line.starts_hunk), 1
    )


@typed_detector(
    "checkpatch-form",
)
def form(context: Context) -> TypedHits:
    """Yield the hits, with their types, about the form of the patch and its file headers."""
    lines = scan(context)
    yield from _files(context, lines)
    if not is_patch(lines) and not context.patch.source.endswith("cover-letter.patch"):
        yield "NOT_UNIFIED_DIFF", Hit(last_line(lines))


def _files(context: Context, lines: LineScan) -> TypedHits:
    tree = context.tree
    # the new side of a deleted file is /dev/null
    neutral = (
        ("MAINTAINERS",)
        if context.options.matches_script
        else ("MAINTAINERS", "dev/null")
    )
    binding: bool | None = None
    reported = 1
    for line in lines.lines:
        text = line.text
        if line.starts_file:
            if found := _NEW_SIDE.match(text):
                # the line that checkpatch.pl has reached when it reads the file name
                prefix = found[1].partition("/")[0]
                if tree is not None and prefix and tree.exists(prefix):
                    yield "PATCH_PREFIX", make_hit(reported, prefix=prefix)
            if not line.file.startswith(neutral):
                now = line.file.startswith(_BINDING)
                if binding is not None and binding != now:
                    yield "DT_SPLIT_BINDING_PATCH", Hit(line.number)
                binding = now
        if not line.starts_hunk:
            reported = line.number


def _moves(lines: LineScan) -> Iterator[int]:
    """Return the first line that shows a new, deleted or moved file, unless MAINTAINERS is in
    the diffstat.
    """
    for line in lines.lines:
        if line.starts_file or line.starts_hunk:
            continue
        text = line.text
        if "MAINTAINERS" in text and _MAINTAINERS_STAT.match(text):
            return
        if line.in_log:
            continue
        if (text[:1] in ("n", "d", "r") and _MADE_OR_MOVED.match(text)) or (
            "=>" in text and _BRACED_MOVE.search(text)
        ):
            yield line.number
            return
