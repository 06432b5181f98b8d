# SPDX-License-Identifier: GPL-2.0-or-later
"""Formats checked patches as JSON lines of the schema `patchpilot/check-line/1`."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.checking.check_result import FindingCounts, SeriesFindings
from patchpilot.errors import ExitCode
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.json_form import json_form, json_object
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch


@json_form(
    "position",
    "message_id=patch.message_id~",
    "source=patch.source",
    "commit=patch.commit",
    "subject=patch.subject.title",
    "profile",
    "findings",
)
class CheckedLine(NamedTuple):
    """The JSON line for a patch: its findings and the position of its message."""

    position: str
    patch: Patch
    profile: str
    findings: tuple[Finding, ...]


@json_form("position", "message_id~", "source", "error")
class DamagedLine(NamedTuple):
    """The JSON line for a message that could not be checked, with the error."""

    position: str
    message_id: str | None
    source: str
    error: str


@json_form("mails", "patches", "damaged", "*counts", "exit_code")
class LineCounts(NamedTuple):
    """The numbers of messages, patches, damaged messages and findings, and the exit code."""

    mails: int
    patches: int
    damaged: int
    counts: FindingCounts
    exit_code: int


@json_form("summary", "series?")
class SummaryLine(NamedTuple):
    """The last JSON line of a check: the counts, and the findings about the whole series."""

    summary: LineCounts
    series: SeriesFindings | None


def line_text(line: "CheckedLine | DamagedLine | SummaryLine") -> str:
    """Returns a line as JSON."""
    return json_text({"schema": "patchpilot/check-line/1", **json_object(line)}) + "\n"


def summary_line(
    counts: "Counter[str]", exit_code: ExitCode, series: Sequence[Finding] = ()
) -> str:
    """Returns the last JSON line of a check: the counts, and findings about the whole series."""
    by_severity = {severity: counts[severity] for severity in Severity}
    summary = LineCounts(
        mails=counts["mails"],
        patches=counts["patches"],
        damaged=counts["damaged"],
        counts=FindingCounts.of(by_severity, counts["waived"], counts["baselined"]),
        exit_code=int(exit_code),
    )
    return line_text(
        SummaryLine(summary, SeriesFindings(tuple(series)) if series else None)
    )
