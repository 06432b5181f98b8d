# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems with a patch as an email message: whether it is a patch, whether an email client
or gateway has damaged it, and where `git am` cuts its message.

Also report characters that a reviewer cannot see (CVE-2021-42574).
"""

import re
from collections.abc import Sequence

from patchpilot.cache.cached_re import cached_match, cached_search, lazy_pattern
from patchpilot.lint.c.line_scan import LineScan, scan_patch
from patchpilot.lint.detector import (
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.generic import find_subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import find_added_lines
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.patch import DiffLine, Patch
from patchpilot.model.printable import FALSE_MARK, HIDDEN, HIDDEN_IN_PROSE
from patchpilot.model.trailer import find_notes_line, is_trailer

_CODE = (".c", ".h", ".dts", ".dtsi", ".rs")
_PROSE = lazy_pattern(r"^Documentation/|\.(?:rst|txt|md|po)$")
_WORD = lazy_pattern(r"\w*(?:[^\W\x00-\x7f]|[\u0300-\u036f])\w*")
_SYMBOL = lazy_pattern(rf"(?!{HIDDEN.pattern})[^\w\x00-\x7f\u0300-\u036f\ud800-\udfff]")


@detector(
    "hidden-character",
)
def hidden_character(context: Context) -> Hits:
    """Report invisible characters, and characters in code that compilers do not accept or that
    look like the end of a comment or string.

    Marks that other scripts require are allowed in names, messages and documents.
    """
    patch = context.patch
    names = [
        (header.line, header.value)
        for header in patch.headers
        if header.name.lower() in ("from", "to", "cc")
    ]
    message_lines = enumerate(patch.message, patch.message_line)
    title_line = (find_subject_line(context.patch), patch.subject.title)
    for number, text in (*names, title_line, *message_lines):
        yield from _find_hidden_character(HIDDEN_IN_PROSE, "", number, text)
    for change in patch.files:
        yield from _find_hidden_character(HIDDEN, "path", change.patch_line, change.path)
        pattern = HIDDEN_IN_PROSE if _PROSE.search(change.path) else HIDDEN
        for line in change.lines():
            yield from _find_hidden_character(pattern, "code", line.patch_line, line.text)
    for _, _, new in find_added_lines(context, _CODE):
        if match := None if new.code.isascii() else _WORD.search(new.code):
            char = next(char for char in match[0] if not char.isascii())
            values = {"word": match[0], "code": f"{ord(char):04X}"}
            yield make_hit(new.patch_line, "identifier", match.start() + 1, **values)
        if symbol := None if new.code.isascii() else _SYMBOL.search(new.code):
            values = {"char": symbol[0], "code": f"{ord(symbol[0]):04X}"}
            yield make_hit(new.patch_line, "symbol", symbol.start() + 1, **values)
        elif mark := None if new.text.isascii() else FALSE_MARK.search(new.text):
            char = next(char for char in mark[0] if not char.isascii())
            values = {"char": mark[0], "code": f"{ord(char):04X}"}
            yield make_hit(new.patch_line, "mark", mark.start() + 1, **values)


def _find_hidden_character(pattern: re.Pattern[str], case: str, number: int, text: str) -> Hits:
    if match := pattern.search(text):
        yield make_hit(number, case, match.start() + 1, code=f"{ord(match[0]):04X}")


@detector(
    "malformed-diff",
)
def malformed_diff(context: Context) -> Hits:
    """Report a diff that cannot be parsed because lines are wrapped or damaged, or because a hunk
    header has wrong counts.
    """
    patch = context.patch
    match = cached_search(r"hunk at line (\d+)", patch.diff_error or "")
    if not match:
        return
    # the parser stopped at the line after this one
    header_line = int(match[1])
    line = patch.lines[header_line] if header_line < len(patch.lines) else ""
    case = "corrupt"
    if line.startswith("\t"):
        case = "lost-space"
    elif line and not line.startswith((" ", "+", "-", "\\", "@@ ", "diff ")):
        case = "wrapped"
    number = min(header_line + 1, len(patch.lines))
    yield make_hit(number, case, error=patch.diff_error)


_TABBED = lazy_pattern(r"\.(?:c|h|S|dts|dtsi)$")


@detector(
    "tabs-lost",
)
def tabs_converted_to_spaces(context: Context) -> Hits:
    """Report code that is indented with spaces in the message but with tabs in the tree."""
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
        spaced_lines = [line for line in indented if cached_match(r" {4,}\S", line.text)]
        if _file_contains_line(context, change.old_path, spaced_lines):
            continue
        if (
            len(spaced_lines) >= 3
            and len(spaced_lines) == len(indented)
            and _look_like_converted_tabs(spaced_lines)
            and any(line.kind != "+" for line in indented)
        ):
            yield Hit(spaced_lines[0].patch_line)
            return


def _look_like_converted_tabs(lines: list[DiffLine]) -> bool:
    """Return whether most indents are multiples of a tab.

    Equal indents do not count, because they may be a table.
    """
    indents = [len(line.text) - len(line.text.lstrip(" ")) for line in lines]
    return sum(
        1 for indent in indents if indent % _TAB_WIDTH == 0 or (indent + 1) % (2 * _TAB_WIDTH) == 0
    ) * 2 >= len(indents) and (len(set(indents)) > 1 or indents[0] == 2 * _TAB_WIDTH)


_TAB_WIDTH = 4
"""A tab becomes this many spaces or a multiple."""


def _file_contains_line(context: Context, path: str | None, spaced: list[DiffLine]) -> bool:
    """Return whether the tree's file contains an unchanged, space-indented line of the patch."""
    data = context.tree.read(path) if context.tree and path else None
    text = (data or b"").decode("utf-8", "replace")
    return any(line.kind != "+" and f"\n{line.text}\n" in text for line in spaced)


@detector(
    "encoded-leftovers",
)
def leftover_mail_encoding(context: Context) -> Hits:
    """Report remains of quoted-printable encoding or HTML entities in the message or diff."""
    patch = context.patch
    qp = [
        index
        for index, line in enumerate(patch.lines)
        if "=" in line
        and re.search(
            r"\w ?=(?:3D|20$|09|E2=80|C2=A0)|=3D\w|^[+-]=09|[\s!<>+*/|&-]=3D(?:3D)? ",
            line,
        )
        and not re.search(r"^[A-Z]: |^[ +-]?\s*[A-Za-z_][\w.-]*=\w+$", line)
        and index >= patch.message_line - 1
    ]
    if len(qp) >= 2 or any(
        re.search(r"^[+-].*\s(?:[!=<>+-]|=3D)?=3D\s|^[+-]=09", patch.lines[index]) for index in qp
    ):
        yield make_hit(qp[0] + 1, "quoted-printable")
    for index in range(patch.message_line - 1, len(patch.lines)):
        line = patch.lines[index]
        if re.search(r"&(?:lt|gt|amp|quot|nbsp);", line) and re.match(
            r"^[+ -]?.*(?:-&gt;|#include &lt;|&amp;&amp;|&lt;[\w.+-]+@)", line
        ):
            yield make_hit(index + 1, "entities")
            return


_STARTS = compile_lazily(
    r"^(?: mode change [0-7]+ => [0-7]+ \S+\s*$|rename (?:from|to) \S+\s*$|diff --git a/[\w/._\-]+"
    r" b/\S+\s*$)",
    re.ASCII,
)
_MAINTAINERS_STAT = compile_lazily(r"^\s*MAINTAINERS\s*\|")
_MADE_OR_MOVED = compile_lazily(
    r"^(?:(?:new|deleted) file mode\s*\d+\s*$|rename (?:from|to) [\w/.\-]+\s*$)"
)
_BRACED_MOVE = compile_lazily(r"\{\s*[\w/.\-]*\s*=>\s*[\w/.\-]*\s*\}")
_BINDING = ("Documentation/devicetree/", "include/dt-bindings/")
_NEW_SIDE = compile_lazily(r"^\+\+\+\s+(\S+)")


def is_patch(lines: LineScan) -> bool:
    """Return whether any part of the message changes a file, by a hunk, a rename or a new mode."""
    before = False
    for line in lines.lines:
        if line.starts_hunk:
            return True
        text = line.text
        if not before and text[:1] in (" ", "r", "d") and _STARTS.match(text):
            return True
        before = line.log_after
    return _creates_or_moves_file(lines)


def find_last_patch_line(lines: LineScan) -> int:
    """Return the last patch line that is not a hunk header. Findings about the whole patch are
    shown there.
    """
    return next((line.number for line in reversed(lines.lines) if not line.starts_hunk), 1)


@typed_detector(
    "checkpatch-form",
)
def check_form(context: Context) -> TypedHits:
    """Report a message without a diff, and patches that mix bindings with other files."""
    lines = scan_patch(context)
    yield from _check_files(context, lines)
    if not is_patch(lines) and not context.patch.source.endswith("cover-letter.patch"):
        form = context.patch.diff_form
        case = form if form == "combined" and not context.options.matches_script else ""
        yield "NOT_UNIFIED_DIFF", make_hit(find_last_patch_line(lines), case)


def _check_files(context: Context, lines: LineScan) -> TypedHits:
    tree = context.tree
    # ignore deleted files, whose new side is /dev/null
    neutral = ("MAINTAINERS",) if context.options.matches_script else ("MAINTAINERS", "dev/null")
    previous_is_binding: bool | None = None
    previous_number = 1
    patch_form = context.patch.diff_form
    for line in lines.lines:
        text = line.text
        if line.starts_file:
            if match := _NEW_SIDE.match(text):
                # checkpatch.pl reports the line that it has read before the file name
                prefix = match[1].partition("/")[0]
                is_bare = not context.options.matches_script and patch_form == "no-prefix"
                if prefix and (is_bare or (tree is not None and tree.exists(prefix))):
                    yield "PATCH_PREFIX", make_hit(previous_number, prefix=prefix)
            if not line.file.startswith(neutral):
                is_binding = line.file.startswith(_BINDING)
                if previous_is_binding is not None and previous_is_binding != is_binding:
                    yield "DT_SPLIT_BINDING_PATCH", Hit(line.number)
                previous_is_binding = is_binding
        if not line.starts_hunk:
            previous_number = line.number


def _creates_or_moves_file(lines: LineScan) -> bool:
    """Return whether a file is created, deleted or moved.

    Like checkpatch.pl, return False if the diffstat contains MAINTAINERS.
    """
    for line in lines.lines:
        if line.starts_file or line.starts_hunk:
            continue
        text = line.text
        if "MAINTAINERS" in text and _MAINTAINERS_STAT.match(text):
            return False
        if line.in_log:
            continue
        if (text[:1] in ("n", "d", "r") and _MADE_OR_MOVED.match(text)) or (
            "=>" in text and _BRACED_MOVE.search(text)
        ):
            return True
    return False


@detector(
    "cut-message",
)
def message_cut_by_git_am(context: Context) -> Hits:
    """Report lines where `git am` cuts the message: dashes, a diff, a From line or scissors."""
    from patchpilot.model.mail import is_scissors_line

    patch = context.patch
    # in an encoded message, git does not mistake a From line for the start of another message
    encoded = (patch.header("Content-Transfer-Encoding") or "").strip().lower() in (
        "quoted-printable",
        "base64",
    )
    scissors: list[int] = []
    for index, line in enumerate(patch.message):
        if not encoded and cached_match(r"^From \S+ .*\d\d:\d\d", line):
            yield make_hit(patch.message_line + index, "from")
        elif is_scissors_line(line):
            scissors.append(index)
    if scissors:
        # if there are two scissors lines, they enclose a quotation
        following = patch.message[scissors[-1] + 1 :]
        is_intended = len(scissors) == 1 and _is_commit_message(following)
        case = "scissors-on-purpose" if is_intended else "scissors"
        yield make_hit(patch.message_line + scissors[-1], case)
    diff_line = _find_false_diff(patch)
    if diff_line:
        yield make_hit(diff_line, "diff", start=patch.lines[diff_line - 1][:30])
    else:
        yield from _find_lost_sign_off(patch)
    if patch.commit:
        is_note = find_notes_line((*patch.message, "---", *patch.notes)) is not None
        for line in patch.notes:
            if line.strip() and not cached_match(
                r"^ \S.*\|| \d+ files? changed| (?:create|delete|rename|copy|mode|rewrite)"
                r" |^---\s*$",
                line,
            ):
                yield make_hit(patch.notes_line - 1, "notes" if is_note else "separator")
                return


def _find_false_diff(patch: Patch) -> int:
    """Return the patch line where the message seems to start a diff but continues as text, or 0."""
    first = patch.message_line + len(patch.message)
    for index in range(first, patch.diff_line):
        line = patch.lines[index - 1]
        if line.strip():
            is_diff = cached_match(r"diff -|Index: |--- \S", line)
            following = patch.lines[index : patch.diff_line - 1]
            has_text = any(cached_match(r"(?!=+$|diff |Index: )\S", text) for text in following)
            return index if is_diff and has_text and patch.has_diff else 0
    return 0


def _is_commit_message(lines: Sequence[str]) -> bool:
    """Return whether the lines below the scissors form a commit message with a description and a
    sign-off.

    Text above such scissors is not meant for the commit.
    """
    return any(map(_SIGNED.match, lines)) and any(
        line.strip() and not is_trailer(line) for line in lines
    )


def _find_lost_sign_off(patch: Patch) -> Hits:
    """Yield a hit for the sign-off if it occurs only after the end of the message."""
    if any(_SIGNED.match(line) for line in patch.message):
        return
    end = min(
        (change.hunks[0].patch_line for change in patch.files if change.hunks),
        default=len(patch.lines) + 1,
    )
    for index in range(patch.message_line + len(patch.message), end):
        if index <= len(patch.lines) and _SIGNED.match(patch.lines[index - 1]):
            yield make_hit(
                index,
                ("sign-off-below-separator" if index < patch.diff_line else "sign-off-below-diff"),
            )
            return
    for index in range(end, len(patch.lines) + 1):
        if _SIGNED.match(patch.lines[index - 1]):
            yield make_hit(patch.diff_line, "unindented-diff")
            return


_SIGNED = lazy_pattern(r"Signed-off-by: .*\S+@")
