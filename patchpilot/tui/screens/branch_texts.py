# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts of the backports stage about the branches, including what the user ticked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.trailer import all_tags
from patchpilot.tui.screens.branch_rows import (
    WAITS,
    badge_of,
    bug_in_words,
    details,
    ends_soon,
    in_words,
    needs_count,
    what_to_do,
    why,
)
from patchpilot.tui.view.rich_text import fitted, plain
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.panel import WIDE

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        BackportResult,
        BranchResult,
    )
    from patchpilot.topic.followed.known_series import Tracked

COLUMNS = (("verdict", 15), ("bug", 7), ("prereqs", 7), ("EOL", 7))
MERGED = ("in-mainline", "in-stable")
"""The states of a series whose mainline commit is known."""
NARROW = 100
"""Columns below which a branch is named by its version alone."""
CELL_PADDING = 2
EDGE = 5
"""Columns of a panel's border and a scrollbar."""
TODO = "what to do"
WHY = 24
"""Columns of the reason in the table, where there is room for it."""


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
            f"{todo}: stable takes mainline only; z prepares it"
            if todo == WAITS
            else todo
        )
        return [("next", words)] if todo else []

    def details(self, branch: "BranchResult") -> list[tuple[str, str]]:
        """What the panel says about a branch, as (label, text).

        The prerequisites and the lines of the conflict have panels of their own.
        """
        fetch = f"{self.merged[:12]}, not fetched yet: press f (git fetch)"
        return [
            *([("merged as", fetch)] if self.merged else []),
            *details(branch),
            *self._next(branch),
            *(("unfetched", str(other.version)) for other in self.result.missing),
            *(("note", rule) for rule in self.result.rules),
        ]

    def in_words(self, branch: "BranchResult") -> list[tuple[str, str]]:
        """All that is known of a branch, as (label, text)."""
        fetch = (
            f"{self.merged[:12]}, which was not fetched yet: press f (git fetch), then this stage"
            " uses it"
        )
        merged = [("merged as", fetch)] if self.merged else []
        return [*merged, *in_words(branch), *self._next(branch)]

    def commands(self, branch: "BranchResult") -> list[str]:
        """The commands that apply the fix to a branch, with the mainline commit if it is known."""
        known, merged = self.result.commit, self.merged
        if not merged or not known:
            return list(branch.commands)
        return [
            row.replace(known, merged).replace(known[:12], merged[:12])
            for row in branch.commands
        ]

    def matrix(self, columns: int) -> tuple[list[tuple[str, int]], list[list[Text]]]:
        """The columns of the table, each (title, width), and the cells of each branch in them; the
        last column gets the rest of the terminal's width.
        """
        branches, culprits = self.result.branches, self.result.culprits
        todo = [self.todo(branch) for branch in branches]
        names = [
            (one.version if columns < NARROW else None) or one.branch
            for one in branches
        ]
        # the reason has the place of the actions where there are none
        has_todo = any(todo)
        has_why = columns >= WIDE or not has_todo
        known = [("branch", max([6, *(len(name) for name in names)])), *COLUMNS]
        known += [("why", WHY)] if has_why and has_todo else []
        taken = EDGE + sum(width + CELL_PADDING for _, width in known) + CELL_PADDING
        known.append((TODO if has_todo else "why", max(8, (columns or 80) - taken)))
        today, rows = datetime.now(UTC).date(), []
        for branch, name, action in zip(branches, names, todo, strict=True):
            words = [
                name,
                "",
                bug_in_words(branch),
                needs_count(branch),
                branch.ends or "",
            ]
            words += [why(branch, culprits)] if has_why else []
            words += [action] if has_todo else []
            dim = "dim" if ends_soon(branch, today) else ""
            texts = [plain(word, dim) for word in words]
            texts[1] = badge_of(branch).text
            rows.append(
                [
                    Text(fitted(text.plain, width), text.style, no_wrap=True)
                    for text, (_, width) in zip(texts, known, strict=True)
                ]
            )
        return known, rows


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
        if series.own and series.status and str(series.status.proven) in MERGED
    )
    commit = "" if result.upstream else next(merged, "")
    return BranchTexts(result, left_out, commit, is_tagged)
