# SPDX-License-Identifier: GPL-2.0-or-later
"""The backport matrix: text, markdown and JSON."""

from collections.abc import Sequence
from typing import Any

from patchpilot.backports.company import Follower
from patchpilot.cli.output.json import document
from patchpilot.cli.output.plain import printable
from patchpilot.services.backport import BackportResult, BranchResult


def has_conflict(results: Sequence[BackportResult]) -> bool:
    """Whether a branch conflicts."""
    return any(one.verdict == "conflict" for result in results for one in result.branches)


def has_affected(results: Sequence[BackportResult]) -> bool:
    """Whether a branch still needs the fix."""
    return any(one.verdict not in ("already-fixed", "not-affected") for result in results for one in result.branches)


def has_nothing(results: Sequence[BackportResult]) -> bool:
    """Never."""
    del results
    return False


def as_json(results: Sequence[BackportResult]) -> str:
    """The document of one fix; of a series that of the last one, with all under `series`."""
    bodies = [_body(result) for result in results]
    return document("backport", bodies[-1] | ({"series": bodies} if len(bodies) > 1 else {}))


def _body(result: BackportResult) -> dict[str, Any]:
    return {
        "commit": result.commit,
        "subject": result.subject,
        "culprits": list(result.culprits),
        "branches": [_branch(one) for one in result.branches],
        "upstream": result.upstream,
        "followers": [_follower(one) for one in result.followers],
        "rules": list(result.rules),
        "missing": [{"version": one.version, "command": one.command} for one in result.missing],
    }


def _branch(one: BranchResult) -> dict[str, Any]:
    return {
        "branch": one.branch,
        "version": one.version,
        "tip": one.tip or None,
        "verdict": one.verdict.value,
        "affected": one.affected,
        "applies": one.applies,
        "landed_as": one.landed_as,
        "landed_by": one.landed_by,
        "queued": one.queued,
        "culprit_as": one.culprit_as,
        "reason": one.reason,
        "conflicts": [{"path": place.path, "line": place.line or None, "kind": place.kind} for place in one.conflicts],
        "prerequisites": [
            {"commit": need.commit, "subject": need.subject, "lines": need.size, "is_fix": need.is_fix} for need in one.prerequisites
        ],
        "prerequisites_partial": one.partial,
        "search": one.search,
        "commands": list(one.commands),
        "causes": [{"commit": cause.commit, "subject": cause.subject, "path": cause.path, "why": cause.why} for cause in one.causes],
        "hints": list(one.hints),
        "followers": [_follower(follower) for follower in one.followers],
        "lacking_newer": list(one.lacking_newer),
        "ends": one.ends,
        "stale": one.stale,
    }


def _follower(one: Follower) -> dict[str, Any]:
    return {"commit": one.commit, "subject": one.subject, "kind": one.kind, "reverted": one.undone}


def as_text(results: Sequence[BackportResult]) -> str:
    """The matrix for people: a line a branch, and below it what to know."""
    blocks = []
    for result in results:
        name = f'{result.commit[:12]} ("{result.subject}")' if result.commit else result.subject
        lines = [name]
        width = max((len(one.branch) for one in result.branches), default=0)
        for one in result.branches:
            ends = f" (until {one.ends})" if one.ends else ""
            lines.append(f"  {one.branch:<{width}}  {one.verdict.value:<13}  {one.reason}{ends}")
            if one.queued:
                lines.append(f"  {'':<{width}}  queued for the next release")
            lines += [
                f"  {'':<{width}}  conflict: {place.path}" + (f":{place.line}" if place.line else f" ({place.kind})")
                for place in one.conflicts
            ]
            if one.prerequisites:
                lines.append(f"  {'':<{width}}  needs" + (", in the fix's files," if one.partial else "") + " first, in this order:")
                lines += [
                    f'  {"":<{width}}    {need.commit[:12]} ("{need.subject}") {need.size} lines'
                    + (", a fix itself" if need.is_fix else "")
                    for need in one.prerequisites
                ]
            if one.stale:
                lines.append(f"  {'':<{width}}  the branch here is old: fetch it again")
        lines += [f"  {one.version}: not in this repository: {one.command}" for one in result.missing]
        blocks.append("\n".join(lines))
    return printable("\n\n".join(blocks) + "\n")


def as_markdown(results: Sequence[BackportResult]) -> str:
    """The matrix as a table for a cover letter or an issue."""
    blocks = []
    for result in results:
        name = f'{result.commit[:12]} ("{_cell(result.subject)}")' if result.commit else _cell(result.subject)
        lines = [f"**{name}**", "", "| branch | verdict | why | needs first |", "|---|---|---|---|"]
        for one in result.branches:
            needs = "<br>".join(f'{need.commit[:12]} ("{_cell(need.subject)}")' for need in one.prerequisites)
            lines.append(f"| {_cell(one.branch)} | {one.verdict.value} | {_cell(one.reason)} | {needs} |")
        blocks.append("\n".join(lines))
    return printable("\n\n".join(blocks) + "\n")


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ").replace("`", "\\`").replace("*", "\\*")
