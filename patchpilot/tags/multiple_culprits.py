# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect fixes for several bugs that were introduced by different commits.

Such a fix makes the same change in several files, or its message names several commits as the
cause.
"""

from collections.abc import Mapping

from patchpilot.tags.evidence_input import EvidenceInput
from patchpilot.tags.message_evidence import BLAMED

MAX_TAGS = 5


def find_joint_culprits(evidence: EvidenceInput, first: str) -> tuple[str, ...]:
    """Return the commits that each need a Fixes: tag, oldest first.

    They are the likeliest commit and any other commits that introduced the same bug.
    """
    result = {
        first,
        *_find_blamed(evidence, first),
        *_find_same_change(evidence, first),
    }
    ordered = sorted(result, key=lambda commit: (evidence.owners[commit].committed, commit))
    return tuple(ordered) if len(ordered) <= MAX_TAGS else (first,)


def _find_blamed(evidence: EvidenceInput, first: str) -> set[str]:
    commits = {mention for mention, weight in evidence.mentions.items() if weight >= BLAMED}
    return commits if first in commits else set()


def _find_same_change(evidence: EvidenceInput, first: str) -> set[str]:
    """Return the commits that introduced the lines that an identical change removes from several
    files.

    In each of these files, a single commit must have introduced the lines.
    """
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Mapping[str, int]]] = {}
    for change in evidence.files:
        blame = evidence.blames.get(change.old_path or "")
        removed = [text.strip() for run in change.runs for text in run.removed]
        if not blame or not removed:
            continue
        added = [text.strip() for run in change.runs for text in run.added]
        owners: dict[str, int] = {}
        for run in change.runs:
            for line in range(run.start, run.end + 1) if run.removed else ():
                if line in blame.ids:
                    owners[blame.ids[line]] = owners.get(blame.ids[line], 0) + 1
        groups.setdefault((tuple(removed), tuple(added)), []).append(owners)
    for files in groups.values():
        sole_owners = {next(iter(owners)) for owners in files if len(owners) == 1}
        if (
            len(files) > 1
            and len(sole_owners) > 1
            and first in sole_owners
            and all(len(owners) == 1 for owners in files)
        ):
            return sole_owners
    return set()
