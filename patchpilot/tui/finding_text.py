# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding in the words of the checks stage: a row of the list, a note in the patch, and in detail with its fix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import in_backticks
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.printable import crop, one_line, width
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import ADDED, QUIET, REMOVED, STRONG, fitted, plain, with_code
from patchpilot.tui.stages import Stage
from patchpilot.tui.widgets.diff_view import Note

if TYPE_CHECKING:
    from patchpilot.model.rule import Rule
    from patchpilot.services.check.fix_finding import FindingFixed, Remedy

SIGNS = {Severity.ERROR: "blocked", Severity.WARNING: "stale", Severity.CHECK: "circle", Severity.NOTE: "dot"}
ROLES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.CHECK: "info", Severity.NOTE: "quiet"}
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.CHECK: "cyan", Severity.NOTE: QUIET}
HELP = "; help: "
"""What separates the message of a finding from what to run."""
ROOMY = 60
"""Columns of a list from which its rows have messages."""
MOST = 12
"""Changed lines of a fix that the detail shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding on screen: its 0-based line in the text of all patches, its commit ("" for the series), the number of its patch where
    there are several. `whole`: it is about the patch as a whole, and shown where the message ends.
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
        """The name of its file, with the number of the patch; for a message and a series what it is."""
        path = "" if self.whole else self.finding.path
        name = path.rpartition("/")[2] if path else "commit message" if self.commit else "series"
        return f"{self.number}: {name}" if self.number else name

    def name(self, *, checkpatch: bool) -> str:
        """The name of its rule: ours, or checkpatch.pl's."""
        return (self.finding.checkpatch or self.finding.rule) if checkpatch else self.finding.name


def row_of(shown: Shown, columns: int, *, checkpatch: bool, whole: bool) -> Text:
    """The finding in so many columns: sign, message or rule, at the right its line, with the file before it where the place is shown `whole`.

    The message is shown where it has room, unless checkpatch.pl's names are asked for; the rule's name is in the patch and the detail.
    """
    sign, line = shown.sign, "" if shown.whole else str(shown.finding.line or "")
    place = f"{shown.file}:{line}" if whole and line else shown.file if whole else line
    left = columns - len(sign) - 1
    place = crop(one_line(place), left // 2)
    row = Text.assemble((f"{sign} ", QUIET if shown.suppressed else STYLES[shown.finding.severity]))
    words = shown.message if columns >= ROOMY and not checkpatch else shown.name(checkpatch=checkpatch)
    row.append(plain(fitted(words, left - width(place) - 1)))
    return row.append(f" {place}", QUIET)


def note_of(shown: Shown, *, checkpatch: bool) -> Note:
    """The finding as a note below its line."""
    text = f"{shown.name(checkpatch=checkpatch)}: {shown.message}"
    if shown.suppressed:
        return Note(shown.line, shown.sign, "quiet", f"waived: {text}")
    return Note(shown.line, shown.sign, ROLES[shown.finding.severity], text)


def detail_of(shown: Shown, rule: "Rule | None", remedy: "Remedy", fixed: "FindingFixed | None") -> Text:
    """All that is known of the finding: message, reason, fix, reference; of its fix the lines that change."""
    text = Text.assemble(plain(shown.message, STRONG))
    if shown.suppressed:
        until = f", until {shown.suppressed.until}" if shown.suppressed.until else ""
        text.append_text(plain(f"\n\nwaived: {shown.suppressed.reason} ({shown.suppressed.origin}{until}); press i to remove the waiver"))
    if rule and rule.why:
        text.append_text(_part("Why", " ".join(rule.why.split())))
    text.append_text(_fix(shown, rule, remedy, fixed))
    if rule and rule.reference:
        # the whole address is the target of the link, where the terminal has links
        name = rule.reference.rpartition("/")[2] or rule.reference
        text.append_text(plain(f"\n\n{name}", f"{QUIET} link {rule.reference}"))
    return text


def _part(heading: str, words: str) -> Text:
    return Text.assemble(plain(f"\n\n{heading}  ", STRONG), with_code(words))


def _fix(shown: Shown, rule: "Rule | None", remedy: "Remedy", fixed: "FindingFixed | None") -> Text:
    finding = shown.finding
    how = finding.fix.text if finding.fix and finding.fix.text else rule.remedy.text if rule else ""
    words = in_keys(in_backticks(how), Stage.CHECKS)
    if remedy == "edit" or shown.suppressed:
        return _part("Fix", f"{words}; press e to edit the line") if words else Text()
    if fixed is None:
        return _part("Fix", words)
    if fixed.reason:
        return _part("Fix", f"{words}; press e to edit the line\nnot certain: {fixed.reason}")
    verb = {"sign-off": "press a to sign off", "tags": "press a to add"}.get(remedy, "press a to apply")
    lines = [line for line in fixed.diff if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))]
    text = _part("Fix", verb)
    for line in lines[:MOST]:
        text.append_text(plain(f"\n{line}", ADDED if line.startswith("+") else REMOVED))
    if len(lines) > MOST:
        text.append_text(plain(f"\n{glyph('ellipsis')} {len(lines) - MOST} more lines", QUIET))
    return text
