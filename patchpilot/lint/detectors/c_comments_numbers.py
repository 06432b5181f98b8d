# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of comments, blank lines and how numbers are written."""

from collections.abc import Iterator, Sequence

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines, spaced


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
