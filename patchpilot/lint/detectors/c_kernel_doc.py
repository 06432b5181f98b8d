# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for kernel-doc comments that do not match the code they document."""

import re
from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewHunk, NewLine, c_hunks


@detector(
    "kernel-doc",
)
def kernel_doc(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a new kernel-doc comment that does not match the function below it."""
    for hunk in c_hunks(context):
        for start, end in _comments(hunk):
            yield from _judge(hunk, start, end)
            yield from _judge_members(hunk, start, end)
            yield from _judge_kind(hunk, start, end)


def _comments(hunk: NewHunk) -> Iterator[tuple[int, int]]:
    """Returns (first, last) line indexes of the kernel-doc comments that are entirely new."""
    start: int | None = None
    for at, line in enumerate(hunk.lines):
        if re.match(r"^\s*/\*\*\s*$", line.text) and line.added:
            start = at
        elif start is not None and not line.added:
            start = None
        elif start is not None and "*/" in line.text:
            yield start, at
            start = None


def _judge(hunk: NewHunk, start: int, end: int) -> Iterator[Hit]:
    body = hunk.lines[start + 1 : end]
    text = [re.sub(r"^\s*\*\s?", "", line.text) for line in body]
    for line, words in zip(body, text, strict=True):
        if found := re.match(r"^[@\\](brief|param|returns?|details|note)\b", words):
            yield hit_on(line.patch_line, "doxygen", tag=found[1])
            return
    signature = _signature(hunk.lines[end + 1 : end + 12])
    head = (
        re.match(
            r"^(?:(?:struct|union|enum|typedef|DOC:)\b.*|(?P<name>\w+)\s*(?:\(\))?\s*[-:–].*)$",
            text[0],
        )
        if text
        else None
    )
    if not signature or head is None or not head["name"]:
        return
    name, arguments, returns = signature
    if head["name"] != name:
        yield hit_on(
            body[0].patch_line, "other-function", described=head["name"], function=name
        )
        return
    described = {
        found[1] for words in text if (found := re.match(r"^@(\w+|\.\.\.)\s*:", words))
    }
    missing = [argument for argument in arguments if argument not in described]
    extra = sorted(
        name for name in described if name not in arguments and name != "..."
    )
    if extra:
        line = next(
            line
            for line, words in zip(body, text, strict=True)
            if words.startswith(f"@{extra[0]}")
        )
        yield hit_on(
            line.patch_line, "extra-argument", function=name, argument=extra[0]
        )
    elif missing and described:
        yield hit_on(
            body[0].patch_line, "missing-argument", argument=missing[0], function=name
        )
    elif (
        returns
        and described
        and not any(
            re.match(r"^(?:Returns?|RETURNS?|Return value)\b", words) for words in text
        )
    ):
        yield hit_on(hunk.lines[end].patch_line, "missing-return", function=name)


def _judge_kind(hunk: NewHunk, start: int, end: int) -> Iterator[Hit]:
    """Reports a file's header that is written as kernel-doc, and a described structure without its
    keyword.
    """
    text = [re.sub(r"^\s*\*\s?", "", line.text) for line in hunk.lines[start + 1 : end]]
    below = next(
        (line.code.strip() for line in hunk.lines[end + 1 :] if line.text.strip()), ""
    )
    if (
        hunk.is_new
        and start < 4
        and text
        and not text[0].startswith("DOC:")
        and not re.match(r"^[\w ]*[\w*]+\s*\(|^(?:struct|union|enum|typedef)\b", below)
    ):
        yield hit_on(hunk.lines[start].patch_line, "file-header")
        return
    kind = re.match(r"^(struct|union|enum)\s+(\w+)\s*\{", below)
    if kind and text and re.match(rf"^{re.escape(kind[2])}\b", text[0]):
        yield hit_on(
            hunk.lines[start + 1].patch_line, "no-keyword", kind=kind[1], name=kind[2]
        )


def _judge_members(hunk: NewHunk, start: int, end: int) -> Iterator[Hit]:
    """Reports members in a structure's kernel-doc comment that it does not have, and members that
    the comment omits.
    """
    body = hunk.lines[start + 1 : end]
    text = [re.sub(r"^\s*\*\s?", "", line.text) for line in body]
    head = (
        re.match(r"^(struct|union)\s+(\w+)\s*(?:[-:].*)?$", text[0]) if text else None
    )
    below = hunk.lines[end + 1 :]
    if (
        not head
        or not below
        or not re.match(rf"^{head[1]}\s+{head[2]}\s*\{{$", below[0].code.strip())
    ):
        return
    close = next(
        (at for at, line in enumerate(below) if re.match(r"^\}", line.code)),
        None,
    )
    inside = below[1:close] if close else ()
    # nested members and macros that declare members are parsed by scripts/kernel-doc only
    if not inside or any(
        "{" in line.code or re.match(r"^\s*(?:#|[A-Z_]{4,}\()|.*\(", line.code)
        for line in inside
    ):
        return
    private = next(
        (at for at, line in enumerate(inside) if "private:" in line.text), len(inside)
    )
    members = [
        found[1]
        for line in inside[:private]
        if (
            found := re.search(
                r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?::\s*\w+\s*)?;\s*$", line.code.rstrip()
            )
        )
    ]
    inline = {
        found[1] for line in inside if (found := re.search(r"@(\w+)\s*:", line.text))
    }
    described = {
        found[1] for words in text if (found := re.match(r"^@(\w+)\s*:", words))
    }
    missing = [
        member for member in members if member not in described and member not in inline
    ]
    if missing and (described or inline) and all(line.added for line in inside):
        yield hit_on(
            body[0].patch_line,
            "missing-member",
            member=missing[0],
            kind=head[1],
            name=head[2],
        )


def _signature(lines: tuple[NewLine, ...]) -> tuple[str, list[str], bool] | None:
    """Returns (name, argument names, whether it returns something) of the function that these lines
    start with.
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
    arguments: list[str] = []
    for part in re.split(r",(?![^(]*\))", found["arguments"]):
        if pointer := re.search(r"\(\s*\*\s*(\w+)\s*\)", part):
            arguments.append(pointer[1])
        elif (
            plain := re.search(r"(\w+)\s*(?:\[[^\]]*\])*\s*$", part.strip())
        ) and plain[1] != "void":
            arguments.append(plain[1])
    kind = " ".join(found["type"].split())
    returns = not re.search(r"(?:^|\s)void$", kind)
    return found["name"], arguments, returns
