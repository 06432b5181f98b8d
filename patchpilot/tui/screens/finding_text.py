# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a finding in the checks stage.

It is a row of the list, a note in the patch, or a detailed view with its fix.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import in_backticks
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.printable import crop, one_line, width
from patchpilot.model.web_address import web_address
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import QUIET, STRONG, fitted, plain, with_code
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_code import changed_words
from patchpilot.tui.widgets.diff_colors import DiffColors
from patchpilot.tui.widgets.diff_view import Note

if TYPE_CHECKING:
    from patchpilot.model.rule import Rule
    from patchpilot.services.fix_finding import FindingFixed, Remedy

SIGNS = {
    Severity.ERROR: "blocked",
    Severity.WARNING: "warning",
    Severity.CHECK: "circle",
    Severity.NOTE: "dot",
}
ROLES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "info",
    Severity.NOTE: "quiet",
}
STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.CHECK: "cyan",
    Severity.NOTE: QUIET,
}
HELP = "; help: "
"""What separates the message of a finding from what to run."""
ROOMY = 60
"""Columns of a list from which its rows have messages."""
MINIMUM = 20
"""Columns of a changed line, at least."""
MOST = 12
"""Changed lines of a fix that the detail shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as it appears on screen.

    It has the 0-based line in the text of all patches, the commit id ("" for the series), and the
    number of its patch if there are several. `whole`: the finding is about the patch as a whole
    and appears at the end of the message.
    """

    line: int
    finding: Finding
    commit: str = ""
    number: int = 0
    suppressed: Suppressed | None = None
    whole: bool = False

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What identifies it: commit, rule and line."""
        return self.commit, self.finding.rule, self.finding.patch_line

    @property
    def sign(self) -> str:
        """The sign of its severity, or of a waiver."""
        return glyph("nothing" if self.suppressed else SIGNS[self.finding.severity])

    @property
    def message(self) -> str:
        """Its message without the command to run, which is a key here."""
        return self.finding.message.partition(HELP)[0]

    @property
    def file(self) -> str:
        """The name of its file, with the number of the patch.

        For a message and a series what it is.
        """
        path = "" if self.whole else self.finding.path
        name = (
            path.rpartition("/")[2]
            if path
            else "commit message"
            if self.commit
            else "series"
        )
        return f"{self.number}: {name}" if self.number else name

    def name(self, *, checkpatch: bool) -> str:
        """The name of its rule: ours, or checkpatch.pl's."""
        return (
            (self.finding.checkpatch or self.finding.rule)
            if checkpatch
            else self.finding.name
        )


def row_of(shown: Shown, columns: int, *, checkpatch: bool, whole: bool) -> Text:
    """Return the finding as a row of the list, in so many columns.

    The row has a symbol, then the message or the rule name, and at the right the line number;
    with `whole`, the file name precedes it. The message is used if it fits, unless
    checkpatch.pl's names are requested. The rule's name also appears in the patch and in the
    detail.
    """
    sign, line = shown.sign, "" if shown.whole else str(shown.finding.line or "")
    place = f"{shown.file}:{line}" if whole and line else shown.file if whole else line
    left = columns - len(sign) - 1
    place = crop(one_line(place), left // 2)
    row = Text.assemble(
        (f"{sign} ", QUIET if shown.suppressed else STYLES[shown.finding.severity])
    )
    words = (
        shown.message
        if columns >= ROOMY and not checkpatch
        else shown.name(checkpatch=checkpatch)
    )
    row.append(plain(fitted(words, left - width(place) - 1)))
    return row.append(f" {place}", QUIET)


def note_of(shown: Shown, *, checkpatch: bool) -> Note:
    """Return the finding as a note to show below its line."""
    text = f"{shown.name(checkpatch=checkpatch)}: {shown.message}"
    if shown.suppressed:
        return Note(shown.line, shown.sign, "quiet", f"waived: {text}")
    return Note(shown.line, shown.sign, ROLES[shown.finding.severity], text)


def detail_of(
    shown: Shown,
    rule: "Rule | None",
    remedy: "Remedy",
    fixed: "FindingFixed | None",
    colors: DiffColors,
    columns: int,
) -> Text:
    """Return the finding in detail: message, fix, reason and reference.

    The fix is shown as the lines that it changes, in so many columns.
    """
    text = Text.assemble(plain(shown.message, STRONG))
    if shown.suppressed:
        until = f", until {shown.suppressed.until}" if shown.suppressed.until else ""
        text.append_text(
            plain(
                f"\n\nwaived: {shown.suppressed.reason} ({shown.suppressed.origin}{until}); press i"
                " to remove the waiver"
            )
        )
    text.append_text(_fix(shown, rule, remedy, fixed, colors, columns))
    if rule and rule.why:
        text.append_text(_part("Why", " ".join(rule.why.split())))
    if rule and rule.reference:
        # the whole address is the target of the link, where the terminal has links
        name = rule.reference.rpartition("/")[2] or rule.reference
        address = web_address(rule.reference)
        text.append_text(
            plain(f"\n\n{name}", f"{QUIET} link {address}" if address else QUIET)
        )
    return text


def _part(heading: str, words: str) -> Text:
    return Text.assemble(plain(f"\n\n{heading}  ", STRONG), with_code(words))


def _fix(
    shown: Shown,
    rule: "Rule | None",
    remedy: "Remedy",
    fixed: "FindingFixed | None",
    colors: DiffColors,
    columns: int,
) -> Text:
    finding = shown.finding
    how = (
        finding.fix.text
        if finding.fix and finding.fix.text
        else rule.remedy.text
        if rule
        else ""
    )
    words = in_keys(in_backticks(how), Stage.CHECKS)
    if remedy == "edit" or shown.suppressed:
        return _part("Fix", f"{words}; press e to edit the line") if words else Text()
    if fixed is None:
        return _part("Fix", words)
    if fixed.reason:
        return _part(
            "Fix", f"{words}; press e to edit the line\nnot certain: {fixed.reason}"
        )
    verb = {"sign-off": "press a to sign off", "tags": "press a to add"}.get(
        remedy, "press a to apply"
    )
    return _part("Fix", verb).append_text(change_text(fixed.diff, colors, columns))


def change_text(diff: Sequence[str], colors: DiffColors, columns: int) -> Text:
    """Return the changed lines of a diff as text, with hanging indents.

    Changes that only affect line breaks are counted instead of shown.
    """
    text, shown, left = Text(), 0, 0
    for removed, added in _blocks(diff):
        old, new = (
            changed_words(" ".join(removed), " ".join(added))
            if removed and added
            else ([], [])
        )
        for sign, role, side, spans in (
            ("-", "removed", removed, old),
            ("+", "added", added, new),
        ):
            start = 0
            for line in side:
                words = [
                    (max(0, first - start), min(last - start, len(line)))
                    for first, last in spans
                    if first < start + len(line) and last > start
                ]
                start += len(line) + 1
                if (
                    spans and not words and min(len(removed), len(added)) > 1
                ) or shown == MOST:
                    left += 1
                    continue
                shown += 1
                text.append_text(
                    _changed_line(sign, role, line, words, colors, columns)
                )
    if left:
        text.append_text(
            plain(f"\n{glyph('ellipsis')} {counted(left, 'more line')}", QUIET)
        )
    return text


def _blocks(diff: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """The removed lines of each change, and the added ones, without their signs."""
    body = [line for line in diff if not line.startswith(("+++ ", "--- "))]
    for is_change, block in groupby(body, lambda line: line.startswith(("+", "-"))):
        if is_change:
            changed = list(block)
            removed, added = (
                [plain(line[1:]).plain for line in changed if line[0] == sign]
                for sign in "-+"
            )
            yield removed, added


def _changed_line(
    sign: str,
    role: str,
    line: str,
    words: Sequence[tuple[int, int]],
    colors: DiffColors,
    columns: int,
) -> Text:
    code = Text(line, style=colors.style("" if colors.tinted else role, role))
    for first, last in words:
        code.stylize(colors.style("", f"{role}-word"), first, last)
    text, room = Text(), max(MINIMUM, columns - 1)
    for number, (first, last) in enumerate(_pieces(line, room)):
        piece = code[first:last]
        piece.rstrip()
        piece.pad_right(room - piece.cell_len)
        text.append("\n").append(
            " " if number else sign, colors.style(role, role)
        ).append_text(piece)
    return text


def _pieces(line: str, columns: int) -> Iterator[tuple[int, int]]:
    """Where to break a line: after spaces, or inside a word that is longer than the room."""
    at = 0
    while len(line) - at > columns:
        space = line.rfind(" ", at + 1, at + columns + 1)
        end = at + columns if space < 0 or not line[at:space].strip() else space + 1
        yield at, end
        at = end
    yield at, len(line)
