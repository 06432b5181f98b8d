# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as diagnostic lines for reviewdog, which posts their messages as Markdown."""

import re
from typing import Any

from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.findings_place import sources
from patchpilot.model.finding import Finding, FixEdit, Severity
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch
from patchpilot.model.printable import one_line, printable
from patchpilot.model.web_address import web_address

_SEVERITY = {
    Severity.ERROR: "ERROR",
    Severity.WARNING: "WARNING",
    Severity.CHECK: "INFO",
    Severity.NOTE: "INFO",
}
_MARKUP = re.compile(r"[`<\[\\]|(?<![\w.])@(?=\w)")


def render(result: CheckResult) -> str:
    """Return one line with a JSON object per finding; empty if there are none."""
    return "".join(
        f"{_line(source, patch, finding, result.since)}\n"
        for source, patch, finding in sources(result)
    )


def _line(source: str, patch: Patch | None, finding: Finding, since: str | None) -> str:
    inside = bool(finding.path and finding.line)
    start = {
        "line": (finding.line if inside else finding.patch_line) or 1,
        **(
            {"column": _byte_column(patch, finding)}
            if inside and finding.column and patch
            else {}
        ),
    }
    body: dict[str, Any] = {
        "message": _markdown(one_line(finding.message + finding.age(since))),
        "location": {
            "path": printable(finding.path or source if inside else source),
            "range": {"start": start},
        },
        "severity": _SEVERITY[finding.severity],
        "source": {"name": "patchpilot"},
        "code": {"value": finding.name, "url": web_address(finding.reference)},
    }
    if finding.fix and finding.fix.edits:
        body["suggestions"] = [_suggestion(edit) for edit in finding.fix.edits]
    return json_text(body)


def _markdown(text: str) -> str:
    """Text as Markdown that shows it: no code, link, image or HTML, and nobody is notified by name."""  # noqa: E501
    return _MARKUP.sub(
        lambda found: "@\u2060" if found[0] == "@" else f"\\{found[0]}", text
    )


def _byte_column(patch: Patch, finding: Finding) -> int:
    """The column of a finding in a file, in bytes of UTF-8 as reviewdog counts them."""
    text = patch.lines[(finding.patch_line or 1) - 1][1 if patch.has_diff else 0 :]
    return len(text[: (finding.column or 1) - 1].encode("utf-8", "surrogateescape")) + 1


def _suggestion(edit: FixEdit) -> dict[str, Any]:
    """The lines of a range replaced by others; without others the line ends go too."""
    last = edit.start + edit.delete
    if edit.insert:
        return {
            "range": {"start": {"line": edit.start}, "end": {"line": last - 1}},
            "text": "\n".join(edit.insert),
        }
    return {
        "range": {
            "start": {"line": edit.start, "column": 1},
            "end": {"line": last, "column": 1},
        },
        "text": "",
    }
