# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for patches that make several changes, judged by message, files, hunks and series."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import paragraphs
from patchpilot.lint.subsystem_facts import sections_of
from patchpilot.lint.word_lists import word_set
from patchpilot.model.file_diff import FileChange, Hunk
from patchpilot.model.patch import Patch

_ALSO = re.compile(
    r"(?:^|[.!] )(?:Also|Additionally|In addition|Besides|Furthermore|Moreover)\b"
)
_WHILE = re.compile(
    r"\b[Ww]hile (?:at it|here|there|we(?:'re| are) (?:at it|here)|I(?:'m| am) (?:at it|here))\b"
)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d[.)]|\(\d\))\s+(?P<word>\w+)")
_AND = re.compile(
    r":.*\b(?:fix|add|remove|use|drop|update|move|rename|clean)\w*\b.* and"
    r" (?:fix|add|remove|use|drop|update|move|rename|clean)\w*\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"^\s*(?:/\*|\*|//|$)")
_NO_CODE = re.compile(
    r"^(?:MAINTAINERS$|Documentation/|include/dt-bindings/)|(?:^|/)(?:Kconfig|Makefile)$"
)
_HEADER = re.compile(r"(?:^|/)include/")
MOST_FILES = 40
"""A patch that changes more files changes all users of something."""
SAME_IN_EACH = 4
"""A patch that changes at most this many lines in each file makes the same change in all of them."""  # noqa: E501


@detector(
    "several-changes",
    {
        "sections": "first second",
        "list": "count",
        "also": "word",
        "headers": "",
        "comments": "",
        "and": "",
    },
    items=int,
    lines=int,
    aside_lines=int,
)
def several_changes(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a patch that makes more than one change, with at most one finding.

    A patch is reported if

    - its files have no section of MAINTAINERS in common,
    - its message lists `items` changes (or two that begin with a verb) or mentions an extra one,
    - a hunk only sorts #include lines or changes a comment, and the message does not mention it, or
    - its subject describes two changes.

    Patches with fewer than `lines` changed lines are skipped; for "while at it", the limit is
    `aside_lines`.
    """
    patch = context.patch
    if (
        patch.subject.title.lower().startswith(("revert", "merge "))
        or not patch.has_diff
    ):
        return
    is_old = all(change.old_path is not None for change in patch.files)
    found = _by_files(context)
    if not found and is_old:
        found = _by_message(context, arguments) or _by_hunks(context)
    if (
        not found
        and is_old
        and len(patch.files) > 1
        and _AND.search(patch.subject.title)
    ):
        found = subject_hit(context, "and")
    if found:
        yield found


def _by_files(context: Context) -> Hit | None:
    """A finding on a patch without shared headers whose files are in sections of MAINTAINERS that
    have no file in common.
    """
    patch = context.patch
    paths = [path for path in patch.paths if not _NO_CODE.search(path)]
    if (
        context.tree is None
        or not 1 < len(paths) <= MOST_FILES
        or any(map(_HEADER.search, patch.paths))
    ):
        return None
    if re.search(r"(?i)tree-?wide", patch.subject.title) or all(
        change.added + change.removed <= SAME_IN_EACH for change in patch.files
    ):
        return None
    names = {path: names for path in paths if (names := _section_names(context, path))}
    if len(names) < 2 or frozenset.intersection(*names.values()):
        return None
    (first, mine), *others = names.items()
    second = next((path for path, theirs in others if not mine & theirs), others[-1][0])
    return subject_hit(context, "sections", first=first, second=second)


def _section_names(context: Context, path: str) -> frozenset[str]:
    """Returns the names of the maintained sections that a file is in, without those found by a
    keyword.
    """
    return frozenset(
        match.section.name
        for match in sections_of(context)
        if path in match.paths and not match.by_keyword and match.section.values("M")
    )


def _by_message(context: Context, arguments: Arguments) -> Hit | None:
    patch = context.patch
    size = sum(change.added + change.removed for change in patch.files)
    items = [
        (at, match["word"].lower())
        for at, line in enumerate(patch.message)
        if (match := _ITEM.match(line))
    ]
    ordered = sum(word in word_set("message", "verbs_of_change") for _, word in items)
    if (len(items) >= arguments["items"] and size >= arguments["lines"]) or (
        ordered >= 2 and 2 * size >= arguments["lines"]
    ):
        return hit_on(patch.message_line + items[0][0], "list", count=len(items))
    for pattern, least in (
        (_ALSO, arguments["lines"]),
        (_WHILE, arguments["aside_lines"]),
    ):
        for paragraph in paragraphs(context) if size >= least else ():
            if match := pattern.search(paragraph.text):
                return hit_on(
                    paragraph.line_at(match.start()), "also", word=match[0].strip(" .!")
                )
    return None


def _by_hunks(context: Context) -> Hit | None:
    """A finding on a hunk that sorts #include lines or changes only a comment, in a patch that does
    something else and does not say so.
    """
    patch = context.patch
    said = f"{patch.subject.title} {' '.join(patch.message)}".lower()
    changes = [
        change
        for change in patch.files
        if change.path.endswith((".c", ".h")) and change.new_path
    ]
    if not re.search(r"\binclud(?:e|es|ed|ing)\b|header|sort", said):
        for change in changes:
            moved = {
                line.text
                for line in change.lines("-")
                if line.text.startswith("#include")
            }
            for line in change.lines("+"):
                if line.text in moved:
                    return hit_on(line.patch_line, "headers")
    if re.search(r"comment|typo|\bdoc|kernel-?doc|rename|spelling", said):
        return None
    hunks = [(change, hunk) for change in changes for hunk in change.hunks]
    only_comments = [(change, hunk) for change, hunk in hunks if _changes_comment(hunk)]
    if not only_comments or len(only_comments) == len(hunks):
        return None
    return _at_first(only_comments)


def _at_first(hunks: Sequence[tuple[FileChange, Hunk]]) -> Hit | None:
    line = next((line for line in hunks[0][1].lines if line.kind in "+-"), None)
    return hit_on(line.patch_line, "comments") if line else None


def _changes_comment(hunk: Hunk) -> bool:
    """Whether a hunk replaces lines of a comment by others, and changes nothing else."""
    changed = [line for line in hunk.lines if line.kind in "+-"]
    return {line.kind for line in changed} == {"+", "-"} and all(
        _COMMENT.match(line.text) for line in changed
    )


@detector("independent-patches", "first second")
def independent_patches(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a series that could be split into independent parts.

    Parts are independent if they share no file, header or section of MAINTAINERS.
    """
    patches = context.series.patches
    if (
        context.tree is None
        or not 1 < len(patches) <= MOST_FILES
        or any(_HEADER.search(path) for patch in patches for path in patch.paths)
    ):
        return
    every = [names for patch in patches if (names := _belongs_to(context, patch))]
    if len(every) < len(patches):
        return
    near, left = set(every[0]), list(enumerate(every[1:], 2))
    while joined := [one for one in left if near & one[1]]:
        for one in joined:
            near |= one[1]
            left.remove(one)
    if left:
        yield subject_hit(context, first=1, second=left[0][0])


def _belongs_to(context: Context, patch: Patch) -> frozenset[str]:
    """Returns the sections of a patch's files, with the files themselves.

    Empty when no section is known.
    """
    paths = [path for path in patch.paths if path != "MAINTAINERS"]
    own = context.for_patch(patch)
    sections = frozenset(name for path in paths for name in _section_names(own, path))
    return sections | frozenset(paths) if sections else frozenset()
