# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the lines of findings in the text of all patches of a series."""

from collections.abc import Sequence

from patchpilot.checking.result import CheckResult, FindingRow
from patchpilot.model.rule import Finding


def place_findings(result: CheckResult) -> tuple[FindingRow, ...]:
    """Return all findings with their 0-based lines in the text of all patches, in this order.

    Findings about the series are above those in the first line.
    """
    starts, ends = [0], []
    for checked in result.patches:
        starts.append(starts[-1] + len(checked.patch.lines))
        ends.append(_message_and_patch_ends(checked.patch.lines))

    def place_row(row: FindingRow) -> FindingRow:
        if row.own_patch is None:
            return row
        index = row.number - 1
        line, is_whole = _locate_finding(row.finding, row.own_patch.lines, ends[index])
        return row._replace(line=starts[index] + line, is_whole=is_whole)

    rows = map(place_row, result.every_row)
    return tuple(sorted(rows, key=lambda row: (row.line, row.number > 0)))


def _message_and_patch_ends(lines: Sequence[str]) -> tuple[int | None, int]:
    """Return the 0-based line at which a patch's message ends (None if there is no end), and the
    last line above git's signature.
    """
    signature = lines.index("-- ") if "-- " in lines else len(lines)
    earlier_lines = range(signature - 1, -1, -1)
    last_line = next((number for number in earlier_lines if lines[number].strip()), -1)
    return lines.index("---") if "---" in lines else None, last_line


def _locate_finding(
    finding: Finding, lines: Sequence[str], ends: tuple[int | None, int]
) -> tuple[int, bool]:
    """Return a finding's 0-based line, and whether it is about the whole patch.

    For such a finding (for example, a missing sign-off), the line is the end of the message.
    """
    line, (message_end, last_line) = (finding.patch_line or 1) - 1, ends
    is_whole = (
        finding.column is None
        and last_line <= line < len(lines)
        and lines[line][:1] not in ("+", "-")
    )
    return (line if message_end is None else message_end, True) if is_whole else (line, False)
