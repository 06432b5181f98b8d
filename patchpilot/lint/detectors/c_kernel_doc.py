# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for kernel-doc comments that do not match the code they document."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewHunk, NewLine, c_hunks

_RETURNS = compile_late(r"^(?:Returns?|RETURNS?|Return value)\b")
_MEMBER = compile_late(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?::\s*\w+\s*)?;\s*$")
_ARGUMENT = compile_late(r"\(\s*\*\s*(\w+)\s*\)|(\w+)\s*(?:\[[^\]]*\])*$")


class _Comment(NamedTuple):
    """A new kernel-doc comment: its lines and their text, and the lines of the hunk below it."""

    opening: NewLine
    lines: Sequence[NewLine]
    text: Sequence[str]
    end: NewLine
    below: Sequence[NewLine]

    @property
    def described(self) -> Iterator[str]:
        """Yield the names described by the comment."""
        for words in self.text:
            if found := re.match(r"^@(\w+|\.\.\.)\s*:", words):
                yield found[1]


@detector("kernel-doc")
def kernel_doc(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a new kernel-doc comment that does not match the code below it."""
    for hunk in c_hunks(context):
        for start, comment in _comments(hunk):
            yield from _judge(comment)
            yield from _judge_members(comment)
            yield from _judge_kind(comment, is_header=hunk.is_new and start < 4)


def _comments(hunk: NewHunk) -> Iterator[tuple[int, _Comment]]:
    """Yield the kernel-doc comments that are entirely new, with their index in the hunk."""
    start: int | None = None
    for at, line in enumerate(hunk.lines):
        if re.match(r"^\s*/\*\*\s*$", line.text) and line.added:
            start = at
        elif start is not None and not line.added:
            start = None
        elif start is not None and "*/" in line.text:
            lines = hunk.lines[start + 1 : at]
            text = [re.sub(r"^\s*\*\s?", "", line.text) for line in lines]
            below = hunk.lines[at + 1 :]
            if text:
                yield start, _Comment(hunk.lines[start], lines, text, line, below)
            start = None


def _judge(comment: _Comment) -> Iterator[Hit]:
    lines = comment.lines
    for line, words in zip(lines, comment.text, strict=True):
        if found := re.match(r"^[@\\](brief|param|returns?|details|note)\b", words):
            yield make_hit(line.patch_line, "doxygen", tag=found[1])
            return
    signature = _signature(comment.below[:11])
    head = re.match(
        r"^(?!(?:struct|union|enum|typedef|DOC:)\b)(\w+)\s*(?:\(\))?\s*[-:–].*$",
        comment.text[0],
    )
    if not signature or head is None:
        return
    name, arguments, returns = signature
    first, described = lines[0].patch_line, set(comment.described)
    if head[1] != name:
        yield make_hit(first, "other-function", described=head[1], function=name)
        return
    missing = [argument for argument in arguments if argument not in described]
    extra = sorted(described - {*arguments, "..."})
    if extra:
        line = next(
            line
            for line, words in zip(lines, comment.text, strict=True)
            if words.startswith(f"@{extra[0]}")
        )
        yield make_hit(
            line.patch_line, "extra-argument", function=name, argument=extra[0]
        )
    elif missing and described:
        yield make_hit(first, "missing-argument", argument=missing[0], function=name)
    elif returns and described and not any(map(_RETURNS.match, comment.text)):
        yield make_hit(comment.end.patch_line, "missing-return", function=name)


def _judge_kind(comment: _Comment, *, is_header: bool) -> Iterator[Hit]:
    """Report a file header written as kernel-doc, and a documented structure without its
    keyword.
    """
    first = comment.text[0]
    below = next((line.code.strip() for line in comment.below if line.text.strip()), "")
    is_code = re.match(r"^[\w ]*[\w*]+\s*\(|^(?:struct|union|enum|typedef)\b", below)
    kind = re.match(r"^(struct|union|enum)\s+(\w+)\s*\{", below)
    if is_header and not is_code and not first.startswith("DOC:"):
        yield make_hit(comment.opening.patch_line, "file-header")
    elif kind and re.match(rf"^{re.escape(kind[2])}\b", first):
        at = comment.lines[0].patch_line
        yield make_hit(at, "no-keyword", kind=kind[1], name=kind[2])


def _judge_members(comment: _Comment) -> Iterator[Hit]:
    """Report members that a structure lacks, and members that its kernel-doc comment omits."""
    head = re.match(r"^(struct|union)\s+(\w+)\s*(?:[-:].*)?$", comment.text[0])
    opening = comment.below[0].code.strip() if comment.below else ""
    if not head or not re.match(rf"^{head[1]}\s+{head[2]}\s*\{{$", opening):
        return
    inside = list(
        takewhile(lambda line: not line.code.startswith("}"), comment.below[1:])
    )
    # only scripts/kernel-doc parses nested members and macros that declare members
    if len(inside) == len(comment.below) - 1 or any(
        "{" in line.code or re.match(r"^\s*(?:#|[A-Z_]{4,}\()|.*\(", line.code)
        for line in inside
    ):
        return
    described = {*comment.described}
    for line in inside:
        described.update(re.findall(r"@(\w+)\s*:", line.text)[:1])
    public = takewhile(lambda line: "private:" not in line.text, inside)
    members = (_MEMBER.search(line.code.rstrip()) for line in public)
    missing = [found[1] for found in members if found and found[1] not in described]
    if missing and described and all(line.added for line in inside):
        yield make_hit(
            comment.lines[0].patch_line,
            "missing-member",
            member=missing[0],
            kind=head[1],
            name=head[2],
        )


def _signature(lines: Sequence[NewLine]) -> tuple[str, list[str], bool] | None:
    """Parse the function at the start of these lines: (name, argument names, whether it returns
    a value).
    """
    joined = " ".join(line.code.strip() for line in lines)
    found = re.match(
        r"^(?P<type>[\w\s*]+?)\b(?P<name>\w+)\s*\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:__\w+(?:\(.*?\))?\s*)*[{;]",
        joined,
    )
    if not found or re.search(
        r"\b(?:return|if|while|EXPORT_SYMBOL\w*|define)\b",
        found["type"] + found["name"],
    ):
        return None
    arguments = [
        name[1] or name[2]
        for part in re.split(r",(?![^(]*\))", found["arguments"])
        if (name := _ARGUMENT.search(part.strip())) and name[2] != "void"
    ]
    returns = not re.search(r"(?:^|\s)void$", found["type"].strip())
    return found["name"], arguments, returns
