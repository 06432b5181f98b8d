# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for patches that an email client or gateway has damaged."""

import re
from collections.abc import Iterator

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.model.file_diff import DiffLine
from patchpilot.model.patch import Patch

_TABBED = compile_late(r"\.(?:c|h|S|dts|dtsi)$")


@detector(
    "malformed-diff",
)
def malformed_diff(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a diff that cannot be parsed: wrapped or lost lines, or wrong counts in a hunk
    header.
    """
    patch = context.patch
    if not patch.has_diff:
        return
    if wrapped := _find_wrapped_line(patch):
        yield make_hit(wrapped, "wrapped")
    elif patch.diff_error:
        found = re.match(r"line (\d+): ", patch.diff_error)
        yield make_hit(
            int(found[1]) if found else patch.diff_line,
            "corrupt",
            error=patch.diff_error,
        )
    elif lost := _lost_space(patch):
        yield make_hit(lost, "lost-space")


def _find_wrapped_line(patch: Patch) -> int | None:
    """Return the patch line that was wrapped from the line above: it has no diff sign in an
    incomplete hunk.
    """
    old = new = 0
    for at in range(patch.diff_line - 1, len(patch.lines)):
        line = patch.lines[at]
        if header := re.match(
            r"^@@ -\d{1,10}(?:,(\d{1,10}))? \+\d{1,10}(?:,(\d{1,10}))? @@", line
        ):
            old, new = int(header[1] or 1), int(header[2] or 1)
        elif old > 0 or new > 0:
            sign = line[:1]
            if line.rstrip("\r") == "" or sign == " ":
                old, new = old - 1, new - 1
            elif sign == "-":
                old -= 1
            elif sign == "+":
                new -= 1
            elif sign != "\\":
                return at + 1
    return None


def _lost_space(patch: Patch) -> int | None:
    """Return the first context line that starts with a tab instead of a space.

    Empty context lines without a space are common, and git accepts them.
    """
    last = next(
        (
            at
            for at in range(patch.diff_line - 1, len(patch.lines))
            if patch.lines[at].rstrip() == "--"
        ),
        len(patch.lines),
    )
    for at in range(patch.diff_line - 1, last):
        if patch.lines[at].startswith("\t") and not patch.lines[at - 1].startswith(
            "diff --git"
        ):
            return at + 1
    return None


@detector(
    "tabs-lost",
)
def tabs_lost(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report code that is indented with tabs in the tree but with spaces in the message."""
    for change in context.patch.files:
        if not _TABBED.search(change.path) or change.is_binary:
            continue
        lines = [line for hunk in change.hunks for line in hunk.lines]
        indented = [
            line
            for line in lines
            if line.text[:1] in (" ", "\t")
            and line.text.strip()
            and not line.text.lstrip().startswith("*")
        ]
        kept = [line for line in indented if line.kind != "+"]
        spaced = [line for line in indented if re.match(r" {4,}\S", line.text)]
        if _has_line(context, change.old_path, spaced):
            continue
        if (
            len(spaced) >= 3
            and len(spaced) == len(indented)
            and _may_have_been_tabs(spaced)
            and kept
            and len(kept)
            == len([line for line in kept if line.text.startswith("    ")])
        ):
            yield make_hit(spaced[0].patch_line, "all")
            return
        context_lines = [line for line in kept if line.kind == " "]
        added = [line for line in indented if line.kind == "+"]
        # no file mixes context indented with eight spaces and added lines indented with tabs
        if (
            len(context_lines) >= 3
            and added
            and all(line.text.startswith(" " * 8) for line in context_lines)
            and all(line.text.startswith("\t") for line in added)
        ):
            yield make_hit(context_lines[0].patch_line, "context")
            return


def _may_have_been_tabs(lines: list[DiffLine]) -> bool:
    """Return whether most indents are different multiples of a tab; equal ones may be a table."""
    indents = [len(line.text) - len(line.text.lstrip(" ")) for line in lines]
    return sum(
        1 for indent in indents if indent % _TAB == 0 or (indent + 1) % (2 * _TAB) == 0
    ) * 2 >= len(indents) and (len(set(indents)) > 1 or indents[0] == 2 * _TAB)


_TAB = 4
"""Tabs become so many spaces, or a multiple."""


def _has_line(context: Context, path: str | None, spaced: list[DiffLine]) -> bool:
    """Return whether the tree's file is indented with spaces there."""
    data = context.tree.read(path) if context.tree and path else None
    text = (data or b"").decode("utf-8", "replace")
    return any(line.kind != "+" and f"\n{line.text}\n" in text for line in spaced)


@detector(
    "encoded-leftovers",
)
def encoded_leftovers(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report remains of quoted-printable encoding or HTML in the message or the diff."""
    patch = context.patch
    qp = [
        at
        for at, line in enumerate(patch.lines)
        if "=" in line
        and re.search(
            r"\w ?=(?:3D|20$|09|E2=80|C2=A0)|=3D\w|^[+-]=09|[\s!<>+*/|&-]=3D(?:3D)? ",
            line,
        )
        and not re.search(r"^[A-Z]: |^[ +-]?\s*[A-Za-z_][\w.-]*=\w+$", line)
        and at >= patch.message_line - 1
    ]
    if len(qp) >= 2 or any(
        re.search(r"^[+-].*\s(?:[!=<>+-]|=3D)?=3D\s|^[+-]=09", patch.lines[at])
        for at in qp
    ):
        yield make_hit(qp[0] + 1, "quoted-printable")
    for at in range(patch.message_line - 1, len(patch.lines)):
        line = patch.lines[at]
        if re.search(r"&(?:lt|gt|amp|quot|nbsp);", line) and re.match(
            r"^[+ -]?.*(?:-&gt;|#include &lt;|&amp;&amp;|&lt;[\w.+-]+@)", line
        ):
            yield make_hit(at + 1, "entities")
            return
        if (
            re.match(r"^(?:<html|<div|<br>|<p>)", line, re.IGNORECASE)
            and at < patch.diff_line
        ):
            yield make_hit(at + 1, "html")
            return


@detector("all-crlf")
def all_crlf(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a message in which nearly all lines end with CRLF."""
    lines = context.patch.lines
    count = sum(line.endswith("\r") for line in lines)
    if count >= _LEAST_CRLF and count * 10 >= len(lines) * 9:
        yield Hit(1)


_LEAST_CRLF = 4
