# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of comments, blank lines and how numbers are written."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines, previous_line, spaced


@detector("upper-hex")
def upper_hex(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Hexadecimal numbers in capitals, in a file that does not write them so already."""

    def hits() -> Iterator[Hit]:
        for hunk, _, line in added_lines(context, (".c", ".h", ".dts", ".dtsi")):
            found = re.search(r"\b0[xX][0-9a-fA-F]*[A-F][0-9a-fA-F]*(?:[uUlL]*)\b", line.code)
            if found and not any(re.search(r"\b0x[0-9a-f]*[A-F]", line.code) for line in hunk.lines if not line.added):
                yield Hit(
                    line.patch_line,
                    f"{found[0]}: lowercase hex digits are preferred ({found[0].lower().rstrip('ul')})",
                    column=found.start() + 1,
                )

    yield from spaced(hits())


@detector("line-comment")
def line_comment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A // comment among /* */ comments."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in added_lines(context):
            if line.comment or "//" not in line.text or "SPDX" in line.text:
                continue
            bare = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', lambda found: " " * len(found[0]), line.text)
            where = bare.find("//")
            if where < 0 or (hunk.is_new and at < 12 and where == 0) or bare[where - 1 : where] == ":":
                continue
            yield Hit(line.patch_line, "a C99 comment (//): the subsystem's style is /* … */", column=where + 1)

    yield from spaced(hits())


@detector("blank-before-check")
def blank_before_check(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An empty line between a call and the check of what it returned."""
    for hunk, at, line in added_lines(context, (".c",)):
        if line.text.strip() or line.comment or at == 0 or at + 1 >= len(hunk.lines):
            continue
        above, below = hunk.lines[at - 1], hunk.lines[at + 1]
        found = re.match(r"^(\s+)(?:[\w\s*]+\*?)?\b([\w>.\-]+) = \w+\(.*\);$", above.code)
        if found and re.match(
            rf"^{found[1]}if \((?:!?{re.escape(found[2])}(?: [<!=]=? ?[\w-]+)?|IS_ERR(?:_OR_NULL)?\({re.escape(found[2])}\))\)", below.code
        ):
            yield Hit(line.patch_line, "no blank line between a call and the check of its result")


@detector("needless-fallthrough")
def needless_fallthrough(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """`fallthrough;` where no statement falls through: right below a label."""
    for hunk, at, line in added_lines(context, (".c",)):
        if line.code.strip() != "fallthrough;":
            continue
        above = previous_line(hunk.lines, at)
        if above and re.match(r"^\s*(?:case\b.*|default\s*):$", above.code.rstrip()):
            yield Hit(line.patch_line, "fallthrough is unnecessary between two labels")


@detector("long-comment", columns=int)
def long_comment(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """A line of a comment beyond `columns`: prose can always be wrapped."""

    def hits() -> Iterator[Hit]:
        for _, _, line in added_lines(context):
            text = line.text.expandtabs(8)
            if (
                (line.comment or re.match(r"^\s*(?:/\*|\*\s)", line.text))
                and len(text) > arguments["columns"]
                and "://" not in text
                and text.lstrip("/* ").count(" ") > 4
            ):
                yield Hit(line.patch_line, f"a comment line of {len(text)} columns: too long, wrap comments at {arguments['columns']}")

    yield from spaced(hits())


@detector("whitespace-only-hunk")
def whitespace_only_hunk(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A hunk that changes nothing but white space, in a patch about something else."""
    patch = context.patch
    if re.search(r"white ?space|indent|style|clean ?up|tidy|format|blank|checkpatch|align|newline", patch.subject.title, re.IGNORECASE):
        return
    hunks = [(change, hunk) for change in patch.files for hunk in change.hunks if change.old_path and change.new_path]
    blank = [
        (change, hunk)
        for change, hunk in hunks
        if _same_words([line.text for line in hunk.lines if line.kind == "-"], [line.text for line in hunk.lines if line.kind == "+"])
    ]
    if len(blank) == len(hunks):
        return
    for _, hunk in blank:
        first = next((line for line in hunk.lines if line.kind in "+-"), None)
        if first:
            yield Hit(first.patch_line, "an unrelated whitespace change: it belongs into a patch of its own")


def _same_words(old: Sequence[str], new: Sequence[str]) -> bool:
    return (bool(old) or bool(new)) and "".join("".join(line.split()) for line in old) == "".join("".join(line.split()) for line in new)
