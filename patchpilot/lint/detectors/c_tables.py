# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of tables: their last entries, and the macros around them."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewLine, added_lines, next_line, previous_line


@detector("of-match-ptr")
def of_match_ptr(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """of_match_ptr() or ACPI_PTR() around a table that is there whatever the configuration."""
    for hunk, _, line in added_lines(context, (".c",)):
        found = re.search(r"\b(of_match_ptr|ACPI_PTR)\((\w+)\)", line.code)
        if found and not any(re.match(r"\s*#\s*if.*CONFIG_(?:OF|ACPI)\b", line.text) for line in hunk.lines):
            yield Hit(
                line.patch_line,
                (
                    f"{found[1]}(): drop it: without CONFIG_OF the table {found[2]} is then unused (a warning), and other firmware cannot "
                    f"match it"
                ),
            )


@detector("terminator-comma")
def terminator_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A comma behind the entry that ends a table."""
    for hunk, at, line in added_lines(context):
        if re.match(
            r"^\s*(?:\{\s*(?:0|NULL|\.\w+ = (?:NULL|0))?\s*,?\s*\}|NULL|\w+\((?:[^()]*, )?NULL\))\s*,\s*$", line.code
        ) and not re.match(r"^\s*\w+\(", line.code):
            following = next_line(hunk.lines, at)
            if following and re.match(r"^\s*\}\s*;", following.code):
                yield Hit(line.patch_line, "no comma after a terminator: nothing may ever follow it")


@detector("last-comma")
def last_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """No comma behind the last entry of a list that will grow: the next patch must touch this line too."""
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
            yield Hit(line.patch_line, "add a comma after the last entry, as it is no terminator: the next one then changes one line only")


def _open_list(lines: Sequence[NewLine], at: int, *, enum: bool) -> bool:
    """Whether the brace around line `at` opens an initialiser or an enum that spans lines."""
    depth = 0
    for line in (lines[above] for above in range(at - 1, -1, -1)):
        depth += line.code.count("}") - line.code.count("{")
        if depth < 0:
            return bool(re.search(r"\benum\b", line.code)) if enum else bool(re.search(r"[=)]\s*\{\s*$|^\s*\{\s*$|\]\s*=\s*\{", line.code))
    return False
