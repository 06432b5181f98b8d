# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a finding in the checks stage.

It is a row of the list, a note in the patch, or a detailed view with its fix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import in_backticks
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.printable import crop, one_line, width
from patchpilot.model.web_address import web_address
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    diff_line,
    fitted,
    plain,
    with_code,
)
from patchpilot.tui.view.stages import Stage
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
) -> Text:
    """Return the finding in detail: message, the lines that its fix changes, reason, reference."""
    text = Text.assemble(plain(shown.message, STRONG))
    if shown.suppressed:
        until = f", until {shown.suppressed.until}" if shown.suppressed.until else ""
        text.append_text(
            plain(
                f"\n\nwaived: {shown.suppressed.reason} ({shown.suppressed.origin}{until}); press i"
                " to remove the waiver"
            )
        )
    text.append_text(_fix(shown, rule, remedy, fixed))
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
    return _part("Fix", verb).append_text(change_text(fixed.diff))


def change_text(diff: Sequence[str]) -> Text:
    """Return the changed lines of a diff as text, the first ones of a long one."""
    changed = [
        line
        for line in diff
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    text = Text()
    for line in changed[:MOST]:
        text.append("\n").append_text(diff_line(line))
    if (left := len(changed) - MOST) > 0:
        words = f"\n{glyph('ellipsis')} {counted(left, 'more line')}"
        text.append_text(plain(words, QUIET))
    return text
