# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the form of the commit message and its headers.

They check for a missing description, long lines, and text that does not belong there.
"""

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.tags_signoff import KNOWN
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.source_tree import Tree

LOG_WIDTH = 75
_OOPS = lazy(
    r"^\s*(?:WARNING:|BUG:)|^\s*\[\s*\d+\.\d{6}\s*\]|^\s*\[<[0-9a-fA-F]{8,}>\]"
)
_REGISTERS = lazy(
    r"^(?:\s+\w+:\s+[0-9a-fA-F]+){3}|^\s*#\d+\s*\[[0-9a-fA-F]+\]\s*\w+ at [0-9a-fA-F]+"
)
_MAY_BE_LONG = lazy(
    rf"^\s*[a-zA-Z0-9_/.]+\s+\|\s+\d+|^\s*(?:[\w.\-+]*/)++[\w.\-+]+:|^\s*(?i:Fixes:|Link:|(?:{'|'.join(KNOWN)}):)",
)
_CHARSET = lazy(r'^Content-Type:.+charset="(.+)".*$')
_CLEAN = lazy(r"[\t\n\r\x20-\x7e]*")
_ANY_UTF8 = lazy(r"[\xc2-\xf4][\x80-\xbf]")
_PATH = lazy(r"(?:^|\s)(/\S*)")
_PLACE = lazy(r"^(.*?)(?::\d+)+:?$")


_FAR = 100
"""A longer line is nobody's slip of a word: it was not wrapped."""


def follows_log(lines: LineScan, number: int) -> bool:
    """Return whether the line before patch line `number` is part of the commit message."""
    return number > 1 and lines.lines[number - 2].log_after


@typed_detector(
    "checkpatch-message",
)
def message(context: Context) -> TypedHits:
    """Yield the hits, with their types, about the commit message and the headers."""
    lines = scan(context)
    yield from _missing(lines)
    yield from _log(lines, context.options.message_kernel)
    yield from _encoding(lines)
    if context.tree is not None:
        yield from _absolute_paths(lines, context.tree)


def in_stack_dump(line: ScannedLine) -> bool:
    """Return whether a stack or register dump seems to start on the line.

    The dump ends at a blank line of the message.
    """
    return bool(
        (line.in_log and _OOPS.match(line.text))
        or (line.text[:1] in (" ", "\t", "#") and _REGISTERS.match(line.text))
    )


def _missing(lines: LineScan) -> TypedHits:
    """Report a patch without a description, i.e. with fewer than two lines between headers and
    separator.
    """
    written, seen = 0, False
    for line in lines.lines:
        if not (line.starts_file or line.starts_hunk):
            if follows_log(lines, line.number):
                written += bool(line.text.strip(" \t\r\f\v"))
            elif seen:
                if written < 2:
                    yield "COMMIT_MESSAGE", Hit(line.number)
                return
        seen = seen or line.log_after


def _log(lines: LineScan, kernel: tuple[int, int]) -> TypedHits:
    oops = long_seen = False
    for line in lines.lines:
        text = line.text
        if line.starts_file or line.starts_hunk:
            continue
        if line.file and not (
            line.in_header or line.in_log or follows_log(lines, line.number)
        ):
            # the message ends at the first file
            return
        oops = oops or in_stack_dump(line)
        if not line.in_log:
            continue
        if (
            len(text) > LOG_WIDTH
            and not long_seen
            and not oops
            and not _may_be_long(text, kernel)
        ):
            long_seen = True
            yield (
                "COMMIT_LOG_LONG_LINE",
                make_hit(
                    line.number,
                    "far" if len(text) > _FAR else "",
                    columns=len(text),
                    limit=LOG_WIDTH,
                ),
            )
        if oops and not text.strip(" \t\r\f\v"):
            oops = False


def _may_be_long(text: str, kernel: tuple[int, int]) -> bool:
    """Return whether a line may exceed the limit: a diffstat, a path or a tag (Closes: since Linux
    6.4).

    Closes: is one since Linux 6.4.
    """
    return bool(_MAY_BE_LONG.match(text)) or (
        kernel >= (6, 4) and text.lstrip(" \t")[:7].lower() == "closes:"
    )


def _encoding(lines: LineScan) -> TypedHits:
    if _CLEAN.fullmatch("\n".join(line.raw for line in lines.lines)):
        return
    other_charset = False
    for line in lines.lines:
        if line.starts_file or line.starts_hunk:
            continue
        raw = line.raw
        if (
            line.in_header
            and raw.startswith("Content-Type:")
            and (found := _CHARSET.match(raw))
        ):
            other_charset = other_charset or "utf-8" not in found[1].lower()
        if (line.file and line.sign != "+") or _CLEAN.fullmatch(raw):
            continue
        if other_charset and line.log_after and not line.file and _ANY_UTF8.search(raw):
            yield "UTF8_BEFORE_PATCH", Hit(line.number)


def _absolute_paths(lines: LineScan, tree: Tree) -> TypedHits:
    for line in lines.lines:
        if (
            line.log_after
            and "/" in line.text
            and not (line.starts_file or line.starts_hunk)
        ):
            for found in _PATH.finditer(line.text):
                place = _PLACE.match(found[1])
                if (place and _is_in_tree(place[1], tree)) or _is_in_tree(
                    found[1], tree
                ):
                    yield "USE_RELATIVE_PATH", Hit(line.number)


def _is_in_tree(path: str, tree: Tree) -> bool:
    rest = path
    while "/" in rest:
        rest = rest.partition("/")[2]
        if rest and tree.exists(rest) and not tree.is_dir(rest):
            return True
    return False
