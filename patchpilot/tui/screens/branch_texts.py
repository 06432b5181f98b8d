# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts of the backports stage about the branches, including what the user ticked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.printable import width
from patchpilot.model.trailer import all_tags
from patchpilot.tui.screens.branch_rows import (
    WAITS,
    badge_of,
    bug_in_words,
    ends_soon,
    facts,
    needs_count,
    what_to_do,
    why,
)
from patchpilot.tui.view.rich_text import HEADING, fitted, plain
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.panel import WIDE

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        BackportResult,
        BranchResult,
    )
    from patchpilot.topic.followed.known_series import Tracked

MERGED = ("in-mainline", "in-stable")
"""The states of a series whose mainline commit is known."""
NARROW = 100
"""Columns below which a branch is named by its version alone."""
GAP = 2
"""Columns between two cells."""
EDGE = 5
"""Columns of a panel's border and a scrollbar."""


@dataclass(frozen=True, slots=True)
class BranchTexts:
    """The texts about each branch, with the choices that the user made on it.

    `left_out` maps a branch to its prerequisites that are not ticked. `merged` is the mainline
    commit that was reported in messages but has not been fetched yet. `is_tagged`: the commit
    message has Cc: stable.
    """

    result: "BackportResult"
    left_out: Mapping[str, frozenset[str]]
    merged: str
    is_tagged: bool

    def unticked(self, branch: "BranchResult") -> frozenset[str]:
        """The prerequisites that are not ticked: at first none.

        But all while the introducing commit, which may be one of them, is unknown.
        """
        needs = () if self.result.culprits else branch.prerequisites
        return self.left_out.get(
            branch.branch, frozenset(need.commit for need in needs)
        )

    def all_unticked(self) -> dict[str, frozenset[str]]:
        """The same by branch."""
        return {branch.branch: self.unticked(branch) for branch in self.result.branches}

    def todo(self, branch: "BranchResult") -> str:
        """What to do with a branch."""
        return what_to_do(
            branch,
            self.result,
            self.unticked(branch),
            self.merged,
            is_tagged=self.is_tagged,
        )

    def _next(self, branch: "BranchResult") -> list[tuple[str, str]]:
        """What to do, and of what has to wait the reason."""
        todo = self.todo(branch)
        words = (
            f"{todo}: stable trees take only mainline commits"
            if todo == WAITS
            else todo
        )
        return [("next", words)] if todo else []

    def facts(self, branch: "BranchResult") -> list[tuple[str, str]]:
        """All that is known of a branch, as (label, text)."""
        fetch = f"{self.merged[:12]}, not fetched yet: press f (git fetch)"
        return [
            *([("merged as", fetch)] if self.merged else []),
            *facts(branch),
            *self._next(branch),
            *(("unfetched", str(other.version)) for other in self.result.missing),
            *(("note", rule) for rule in self.result.rules),
        ]

    def commands(self, branch: "BranchResult") -> list[str]:
        """The commands that apply the fix to a branch, with the mainline commit if it is known."""
        known, merged = self.result.commit, self.merged
        if not merged or not known:
            return list(branch.commands)
        return [
            row.replace(known, merged).replace(known[:12], merged[:12])
            for row in branch.commands
        ]

    def matrix(self, columns: int) -> tuple[Text, list[Text]]:
        """The titles of the table, and the row of each branch, in so many columns.

        A column fits its contents and is left out if it has none; the last one gets the rest.
        """
        branches, culprits = self.result.branches, self.result.culprits
        short = columns < NARROW
        table = {
            "branch": [(short and one.version) or one.branch for one in branches],
            "verdict": [badge_of(one).text.plain for one in branches],
            "bug": [bug_in_words(one) for one in branches],
            "prereqs": [needs_count(one) for one in branches],
            "EOL": [one.ends or "" for one in branches],
            "why": [why(one, culprits) for one in branches],
            "what to do": [self.todo(one) for one in branches],
        }
        if columns < WIDE and any(table["what to do"]):
            del table["why"]
        shown = {title: words for title, words in table.items() if any(words)}
        if not shown:
            return Text(), []
        wide = {
            title: max(map(width, (title, *words))) + GAP
            for title, words in shown.items()
        }
        last = list(shown)[-1]
        wide[last] = columns - sum(wide.values()) + wide[last]
        titles = plain("".join(fitted(title, wide[title]) for title in shown), HEADING)
        rows, today = [], datetime.now(UTC).date()
        for at, branch in enumerate(branches):
            dim = "dim" if ends_soon(branch, today) else ""
            row = Text(no_wrap=True)
            for title, words in shown.items():
                style = badge_of(branch).style if title == "verdict" else dim
                row.append(fitted(words[at], wide[title]), style)
            rows.append(row)
        return titles, rows


def texts_of(
    session: Session,
    result: "BackportResult",
    left_out: Mapping[str, frozenset[str]],
) -> BranchTexts:
    """Return the texts for a backport result in this session."""
    message = session.commit.message.split("\n") if session.commit else ()
    is_tagged = any("stable@" in tag.value for tag in all_tags(message, "Cc"))
    followed: Sequence[Tracked] = session.last(Stage.FOLLOW) or ()
    merged = (
        series.status.commit or ""
        for series in followed
        if series.own and series.status and str(series.state) in MERGED
    )
    commit = "" if result.upstream else next(merged, "")
    return BranchTexts(result, left_out, commit, is_tagged)
