# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for C style that checkpatch.pl does not check: trailing commas, comments."""

from collections.abc import Iterator, Sequence

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewLine, added_lines, next_line, previous_line, spaced


@detector("trailing-comma")
def trailing_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a missing comma after the last entry of a list: adding an entry would change that line too."""
    for hunk, at, line in added_lines(context):
        entry = re.match(
            r"^\s+(?:(?P<member>[.\[][\w.\]\[]+\s*=\s*\S.*|\{.*\})|(?P<constant>[A-Z][A-Z0-9_]+(?:\s*=\s*[^,{;]+)?))\s*$", line.code
        )
        if not entry or line.code.rstrip().endswith((",", "{", ";", "(", "\\", "|", "&", "+")):
            continue
        if re.match(r"^\s*\{\s*(?:0|NULL)?\s*\}$", line.code) or "\\" in line.text:
            continue
        if entry["constant"] and (re.search(r"NUM|MAX|COUNT|LAST|END|_NR|^\s*NR_|__|SIZE|INVALID|TOTAL|LEN", entry["constant"])):
            continue
        following, above = next_line(hunk.lines, at), previous_line(hunk.lines, at)
        if not following or not re.match(r"^\s*\}\s*(?:;|,|\w+;)", following.code) or not above:
            continue
        if re.search(r"(?:,|\{)\s*$", above.code) and _open_list(hunk.lines, at, enum=bool(entry["constant"])):
            yield Hit(line.patch_line)


def _open_list(lines: Sequence[NewLine], at: int, *, enum: bool) -> bool:
    """Whether the brace around line `at` opens an initializer or an enum of more than one line."""
    depth = 0
    for line in (lines[above] for above in range(at - 1, -1, -1)):
        depth += line.code.count("}") - line.code.count("{")
        if depth < 0:
            return bool(re.search(r"\benum\b", line.code)) if enum else bool(re.search(r"[=)]\s*\{\s*$|^\s*\{\s*$|\]\s*=\s*\{", line.code))
    return False


@detector("c99-comment")
def c99_comment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a // comment in code that has /* */ comments."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in added_lines(context):
            if line.comment or "//" not in line.text or "SPDX" in line.text:
                continue
            bare = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', lambda found: " " * len(found[0]), line.text)
            where = bare.find("//")
            if where < 0 or (hunk.is_new and at < 12 and where == 0) or bare[where - 1 : where] == ":":
                continue
            yield Hit(line.patch_line, column=where + 1)

    yield from spaced(hits())
