# SPDX-License-Identifier: GPL-2.0-or-later
"""Fill in a report about an unfixed bug (Documentation/admin-guide/reporting-issues.rst)."""

from datetime import date
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import FoundFixes
from patchpilot.model.printable import make_printable
from patchpilot.resources import save_draft_file
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    strip_template_comments,
)

_MAX_LOG_LINES = 60


def save_bug_report(repository: Repository, fixes: FoundFixes, log: str) -> Path:
    """Save the report as a draft in the user's state directory, and return its file.

    It replaces a report from the same day about the same module or function.
    """
    names = (*fixes.modules, *fixes.functions, "bug")
    title = (*fixes.symptom.messages, f"{names[0]}: FILL IN")[0]
    lines = log.splitlines()
    first = next((number for number, line in enumerate(lines) if title in line), 0)
    identity = repository.identity
    nearest_fixes = [f'  {fix.commit[:12]} ("{fix.subject}")' for fix in fixes.candidates[:3]]
    values = {
        "title": title[:100],
        "tree": fixes.tree,
        "log": "\n".join(f"  {line}" for line in lines[first:][:_MAX_LOG_LINES]),
        "searched": f"{fixes.searched:,}",
        "nearest": "\n".join(["The nearest are:", *nearest_fixes]) if nearest_fixes else "",
        "name": identity.name if identity else "",
    }
    name = f"{date.today():%Y-%m-%d}-{names[0]}"
    text = strip_template_comments(fill_template(read_template("bug-report"), values))
    return save_draft_file("reports", name, f"{make_printable(text)}\n")
