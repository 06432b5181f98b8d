# SPDX-License-Identifier: GPL-2.0-or-later
"""The range-diff between two revisions of a followed series, as JSON and as text."""

from typing import Any

from patchpilot.cli.output.json_document import document
from patchpilot.model.printable import printable
from patchpilot.services.track.compare_revisions import (
    Revision,
    RevisionComparison,
    comparison_lines,
)


def range_diff_json(comparison: RevisionComparison) -> str:
    """The document of `track range-diff`."""
    return document(
        "range-diff",
        {
            "id": comparison.series.entry.id,
            "subject": comparison.series.subject,
            "old": _revision(comparison.old),
            "new": _revision(comparison.new),
            "patches": [
                {
                    "difference": str(it.difference),
                    "old": it.old,
                    "new": it.new,
                    "subject": it.title,
                    "diff": it.text,
                }
                for it in comparison.patches
            ],
        },
    )


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "version": revision.version,
        "label": revision.label,
        "message_id": revision.head.message_id,
        "patches": len(revision.patches),
    }


def range_diff_text(comparison: RevisionComparison) -> str:
    """As git prints it, without commit ids, below a line that names the revisions."""
    return "\n".join(printable(line) for line in comparison_lines(comparison))
