# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to resolve a backport conflict on a branch, safest first, each with its reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from textual.app import App

    from patchpilot.services.backport.backport_result import Adaptation, BranchResult
    from patchpilot.services.backport.topic_backports import Ways

_MOST_STEPS = 12


def choose_resolution(
    app: "App[Any]",
    branch: "BranchResult",
    ways: "Ways",
    *,
    write: "Callable[[Adaptation], None]",
    resolve: "Callable[[Adaptation | None], None]",
) -> None:
    """Let the user choose how to resolve the conflicts on a branch.

    A resolution already started in a clone is continued there.
    """
    if ways.is_started:
        resolve(None)
        return

    def chosen(name: str | None) -> None:
        if name == "write" and ways.adaptation:
            write(ways.adaptation)
        elif name:
            resolve(ways.adaptation if name == "start" else None)

    app.push_screen(
        Choose(
            proposal_text(branch, ways),
            proposals(branch, ways),
            f"Conflict on {branch.branch}",
        ),
        chosen,
    )


def proposal_text(branch: "BranchResult", ways: "Ways") -> str:
    """Return the decisions made for an adaptation as text, one line per step."""
    adapted = ways.adaptation
    if adapted is None:
        return f"The fix as a whole cannot be adapted to {branch.branch}."
    shown = [f"- {step}" for step in adapted.steps[:_MOST_STEPS]]
    more = len(adapted.steps) - len(shown)
    return "\n".join(
        [
            f"Adapted to {branch.branch} with a confidence of {adapted.confidence:.2f}:",
            "",
            *shown,
            *([f"- {more} more"] if more else []),
        ]
    )


def proposals(branch: "BranchResult", ways: "Ways") -> list[tuple[str, str, str]]:
    """Return the name, label and reason of each way to resolve the conflicts.

    An uncertain adaptation comes after resolving the conflict manually.
    """
    needs = len(branch.prerequisites)
    before = (
        f", with {needs} prerequisite{'s' if needs > 1 else ''} applied before it"
        if needs and not branch.partial
        else ""
    )
    manual = [
        ("manual", "Resolve manually", f"a clone with git's conflict in it{before}")
    ]
    if ways.adaptation is None:
        return manual
    ours = [
        (
            "write",
            "Write adapted patch",
            "writes the patch for this branch; its message lists the decisions",
        ),
        (
            "start",
            "Edit adaptation",
            "opens a clone with the adapted files, in which you change and commit them",
        ),
    ]
    return [*ours, *manual] if ways.adaptation.is_sure else [*manual, *reversed(ours)]
