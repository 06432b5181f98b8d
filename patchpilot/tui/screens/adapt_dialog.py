# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to bring a fix to a branch where it conflicts, the surest first, each with its reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from textual.app import App

    from patchpilot.services.backport.backport_result import Adaptation, BranchResult

_MOST_STEPS = 12


def choose_resolution(
    app: "App[Any]",
    branch: "BranchResult",
    adapted: "Adaptation | None",
    *,
    write: "Callable[[Adaptation], None]",
    resolve: "Callable[[Adaptation | None], None]",
) -> None:
    """Let the user choose among the ways; without an adaptation the conflict is resolved manually."""
    if adapted is None:
        resolve(None)
        return

    def chosen(name: str | None) -> None:
        if name == "write":
            write(adapted)
        elif name:
            resolve(adapted if name == "start" else None)

    app.push_screen(Choose(proposal_text(branch, adapted), proposals(branch, adapted), f"Conflict on {branch.branch}"), chosen)


def proposal_text(branch: "BranchResult", adapted: "Adaptation") -> str:
    """What was decided for an adaptation, a line for each step."""
    shown = [f"- {step}" for step in adapted.steps[:_MOST_STEPS]]
    more = len(adapted.steps) - len(shown)
    return "\n".join(
        [f"Adapted to {branch.branch} with a confidence of {adapted.confidence:.2f}:", "", *shown, *([f"- {more} more"] if more else [])]
    )


def proposals(branch: "BranchResult", adapted: "Adaptation") -> list[tuple[str, str, str]]:
    """(name, words, reason) of each way; what is not sure comes after resolving the conflict manually."""
    needs = len(branch.prerequisites)
    before = f", with {needs} prerequisite{'s' if needs > 1 else ''} applied before it" if needs and not branch.partial else ""
    ours = [
        ("write", "Write adapted patch", "the patch for this branch, with what was decided in its message"),
        ("start", "Edit adaptation", "a clone with the adapted files, to change and commit them"),
    ]
    manual = [("manual", "Resolve manually", f"a clone with git's conflict in it{before}")]
    return [*ours, *manual] if adapted.is_sure else [*manual, *reversed(ours)]
