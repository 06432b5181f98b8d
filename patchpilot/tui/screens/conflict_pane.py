# SPDX-License-Identifier: GPL-2.0-or-later
"""A panel for adapting a fix to a branch one conflict at a time.

It shows the versions of each conflict, its proposals, and the changes of the selected one.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import OptionList

from patchpilot.model.counted import counted
from patchpilot.tui.actions.editing import edit_text
from patchpilot.tui.screens.conflict_rows import (
    LABELS,
    before_writing,
    built_words,
    conflict_row,
    is_same,
    is_utf8,
    lines_of,
    proposal_row,
    result_rows,
    text_to_edit,
)
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.trust_dialog import trusting
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.widgets.choose import Choose, LineDialog, ask_line
from patchpilot.tui.widgets.conflict_view import ConflictView
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.row_list import Row, RowList
from patchpilot.tui.widgets.three_columns import Version

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        Adaptation,
        BackportResult,
        BranchResult,
    )
    from patchpilot.services.backport.choose_conflicts import (
        Built,
        Choices,
        OpenConflict,
        OpenConflicts,
        Outcome,
        Proposal,
    )
    from patchpilot.tui.stage.stage_screen import StageScreen

Write = Callable[["BackportResult", "BranchResult", "Adaptation"], None]


class ConflictPane(ReportsErrors, Container):
    """The panel with the conflicts of a fix on a branch.

    `write` writes the patch that results from the choices; `left` is called when the user goes
    back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "e",
            "edit",
            "edit",
            "edit the selected proposal in your editor, then choose the result",
        ),
        key("u", "undo", "undo", "undo the latest choice"),
        key(
            "w",
            "write_patch",
            "write patch",
            "write the patch once every conflict has a choice; you can compile it first",
        ),
        more_key(
            "vertical_line",
            "versions",
            "versions",
            "show the other versions of a conflict: branch, base, fix",
        ),
        Binding(
            "right_square_bracket",
            "conflict(1)",
            "next conflict",
            show=False,
            key_display="]",
        ),
        Binding(
            "left_square_bracket",
            "conflict(-1)",
            "previous conflict",
            show=False,
            key_display="[",
        ),
        key(
            "escape",
            "leave",
            "go back",
            "go back to the branches; your choices are kept",
        ),
    ]

    def __init__(
        self,
        *,
        ident: str,
        write: Write,
        left: Callable[["BranchResult", "Choices"], None],
    ) -> None:
        super().__init__(id=ident)
        self._write, self._left = write, left
        self._result: BackportResult | None = None
        self._branch: BranchResult | None = None
        self._open: OpenConflicts | None = None

    def compose(self) -> ComposeResult:
        """The versions of a conflict, what the selected proposal changes, and the proposals."""
        with Panel(title="Conflict", id="conflict-sides"):
            yield ConflictView(ident="versions")
        with Panel(title="Result", id="conflict-result"):
            yield DiffView(ident="changed")
        with Panel(title="Proposals", id="proposals-panel"):
            yield RowList(ident="proposals", enter="choose")

    def show(
        self, result: "BackportResult", branch: "BranchResult", known: "OpenConflicts"
    ) -> None:
        """Show the conflicts; the cursor is on the first one for which nothing was chosen."""
        self._result, self._branch, self._open = result, branch, known
        self._fill(self._next_open())
        self.query_one("#proposals", RowList).focus()
        if known.changed:
            self.notify(
                f"{known.changed} since you chose: the choices are proposals now",
                markup=False,
                severity="warning",
                timeout=8,
            )

    def on_resize(self) -> None:
        """Reasons are wrapped at the width."""
        if self._open and self.display:
            at = self._proposals.chosen
            self._fill(at[0].conflict.key if at else "", at[1] if at else None)

    @property
    def branch(self) -> str:
        """The name of the branch."""
        return self._branch.branch if self._branch else ""

    def is_for(self, result: "BackportResult") -> bool:
        """Whether what is shown is about this fix and the tip that the branch has there."""
        if self._result is None or self._branch is None:
            return False
        return self._result.commit == result.commit and (
            self._branch.branch,
            self._branch.tip,
        ) in {(branch.branch, branch.tip) for branch in result.branches}

    # the list

    def _fill(self, key: str, proposal: "Proposal | None" = None) -> None:
        """List the conflicts with their proposals.

        The cursor goes to a proposal, otherwise to the chosen or first one of the conflict `key`.
        """
        assert self._open
        chosen, count = self._open.choices.chosen, len(self._open.conflicts)
        columns = (self._proposals.size.width or self.size.width or 80) - 2
        rows: list[Row] = []
        for number, one in enumerate(self._open.conflicts, 1):
            mine = chosen.get(one.conflict.key)
            rows.append(Row(conflict_row(one, number, count, mine)))
            for known in one.proposals:
                text = proposal_row(known, columns, is_chosen=is_same(known, mine))
                rows.append(Row(text, (one, known), len(rows)))
        wanted = proposal or chosen.get(key)
        places = [row for row in rows if row.about and row.about[0].conflict.key == key]
        same = [row for row in places if is_same(row.about[1], wanted)]
        self._proposals.fill(rows, next((row.key for row in (*same, *places)), 1))
        panel = self.query_one("#proposals-panel", Panel)
        panel.heading = (
            f"Proposals for {self._branch.branch}" if self._branch else "Proposals"
        )
        panel.count = f"{len(chosen)} of {count} chosen"
        self._show_selected()

    @property
    def _proposals(self) -> RowList:
        return self.query_one("#proposals", RowList)

    def _next_open(self, after: str = "") -> str:
        """The key of the first conflict for which nothing was chosen, those after another one
        first; else that one.
        """
        assert self._open
        keys = [one.conflict.key for one in self._open.conflicts]
        at = keys.index(after) + 1 if after else 0
        left = [
            key
            for key in (*keys[at:], *keys[:at])
            if key not in self._open.choices.chosen
        ]
        return left[0] if left else after or keys[0]

    def on_option_list_option_highlighted(
        self, event: OptionList.OptionHighlighted
    ) -> None:
        """Show the conflict and what the proposal changes."""
        event.stop()
        self._stage.at_rest(self._show_selected)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the proposal.

        The cursor goes to the next conflict for which nothing was chosen.
        """
        event.stop()
        if self._proposals.chosen:
            self._take(*self._proposals.chosen)

    def _show_selected(self) -> None:
        if self._proposals.chosen is None or self._open is None:
            return
        one, proposal = self._proposals.chosen
        place = one.columns.place
        versions = (
            Version(place.ours, place.line),
            Version(place.base, one.columns.base_line),
            Version(place.theirs, one.columns.fix_line),
        )
        view, panel = (
            self.query_one("#versions", ConflictView),
            self.query_one("#conflict-sides", Panel),
        )
        view.show([(place.path, f"{one.conflict.place} ({place.kind})", versions)])
        panel.count = self._turn_words()
        result = self.query_one("#conflict-result", Panel)
        result.heading = f"Result: {proposal.path or one.conflict.place}"
        result.count = self._turn_words() if self.has_class("-result") else ""
        self.query_one("#changed", DiffView).fill(result_rows(one, proposal))

    # the versions

    def _turn_words(self) -> str:
        """What | shows next."""
        view = self.query_one("#versions", ConflictView)
        if self._is_low and not self.has_class("-result"):
            return "| result"
        return f"| {view.next_versions}" if view.next_versions else ""

    @property
    def _is_low(self) -> bool:
        """Whether there is room either for the versions or for the result."""
        return self.screen.has_class("-low")

    def action_versions(self) -> None:
        """Show the next versions of the conflict; on a low terminal the result comes after each."""
        if self._is_low and not self.has_class("-result"):
            self.add_class("-result")
        else:
            self.remove_class("-result")
            self.query_one("#versions", ConflictView).turn()
        self._show_selected()

    def action_conflict(self, step: int) -> None:
        """Go to the next or previous conflict."""
        selected = self._proposals.chosen
        if selected and self._open:
            keys = [one.conflict.key for one in self._open.conflicts]
            at = max(0, min(len(keys) - 1, keys.index(selected[0].conflict.key) + step))
            self._fill(keys[at])

    # choices

    def _take(self, one: "OpenConflict", proposal: "Proposal") -> None:
        assert self._open
        self._keep(self._open.take(one.conflict.key, proposal))
        self._fill(self._next_open(one.conflict.key))
        left = len(self._open.conflicts) - len(self._open.choices.chosen)
        rest = f"{counted(left, 'conflict')} left" if left else "w writes the patch"
        self.notify(
            f"{one.conflict.place}: {LABELS[str(proposal.source)]} chosen; {rest}. u undoes it",
            markup=False,
            timeout=4,
        )

    def action_undo(self) -> None:
        """Take the latest choice back."""
        assert self._open
        if not self._open.choices.made:
            self.notify("nothing is chosen yet", timeout=2)
            return
        key = self._open.choices.made[-1][0]
        self._keep(replace(self._open, choices=self._open.choices.undo()))
        self._fill(key)

    def _keep(self, known: "OpenConflicts") -> None:
        """Save the choices."""
        from patchpilot.services.backport.choose_conflicts import save

        assert self._branch
        with self._stage.session.repository() as repository:
            save(repository, self._branch, known.choices)
        self._open = known

    def action_edit(self) -> None:
        """Edit the lines of the selected proposal in the editor.

        Then choose them, with a note for the patch's message.
        """
        trusting(self._stage.app, self._edit)

    def _edit(self) -> None:
        selected = self._proposals.chosen
        if selected is None:
            return
        one, proposal = selected
        from patchpilot.services.backport.choose_conflicts import is_marked

        text = text_to_edit(one, proposal)
        if proposal.path or not one.conflict.line or not is_utf8(text):
            self.notify(
                (
                    "this conflict cannot be edited here; press z on the branch, then choose"
                    " Resolve manually"
                ),
                severity="warning",
            )
            return
        made = edit_text(self._stage, text, Path(one.conflict.path).name)
        lines = lines_of(made) if made is not None else None
        if lines is None or lines == proposal.lines:
            self.notify("not changed", timeout=2)
        elif is_marked(lines):
            self.notify(
                "the file still has conflict markers; nothing was chosen",
                severity="warning",
            )
        else:
            self._ask_note(one, lines)

    def _ask_note(self, one: "OpenConflict", lines: tuple[str, ...]) -> None:
        from patchpilot.services.backport.choose_conflicts import edited

        text = "What did you change, and why? Your answer is added to the message of the patch:"
        question = LineDialog(text, value="resolved manually", title=one.conflict.place)
        ask_line(
            self.app, question, lambda note: self._take(one, edited(one, lines, note))
        )

    def action_leave(self) -> None:
        """Close the error card or cancel the running job, otherwise go back to the branches."""
        if self._stage.may_cancel:
            self._stage.action_cancel()
        elif self._branch and self._open:
            self._left(self._branch, self._open.choices)

    # the patch

    def action_write_patch(self) -> None:
        """Verify what comes of the choices; then write it, or compile it first."""
        from patchpilot.services.backport.choose_conflicts import outcome

        result, branch, known = self._result, self._branch, self._open
        if result is None or branch is None or known is None:
            return
        left = [
            one
            for one in known.conflicts
            if one.conflict.key not in known.choices.chosen
        ]
        if left:
            self.notify(
                (
                    f"nothing is chosen yet for {left[0].conflict.place}; press Enter to"
                    f" choose a proposal"
                ),
                markup=False,
                severity="warning",
            )
            self._fill(left[0].conflict.key)
            return
        self._stage.in_thread(
            "checking the result",
            lambda repository, _: outcome(repository, result, branch, known),
            partial(self._show_outcome, result, branch),
        )

    def _show_outcome(
        self, result: "BackportResult", branch: "BranchResult", found: "Outcome"
    ) -> None:
        if found.problems:
            self.notify(
                f"not written: {'; '.join(found.problems)}",
                markup=False,
                severity="error",
                timeout=10,
            )
            return
        self._ask_write(
            result,
            branch,
            found.adaptation,
            before_writing(branch.branch, found.adaptation.steps, found.doubts),
        )

    def _ask_write(
        self,
        result: "BackportResult",
        branch: "BranchResult",
        adapted: "Adaptation",
        text: str,
    ) -> None:
        def chosen(name: str | None) -> None:
            if name == "write":
                self._write(result, branch, adapted)
            elif name == "build":
                self._build(result, branch, adapted, text)

        answers = (
            ("write", "Write patch", "writes the patch to a directory that you choose"),
            (
                "build",
                "Compile first",
                (
                    "the objects of the changed files, on the branch before and after the patch,"
                    " with allmodconfig"
                ),
            ),
        )
        self.app.push_screen(
            Choose(text, answers, f"Write the patch for {branch.branch}"), chosen
        )

    def _build(
        self,
        result: "BackportResult",
        branch: "BranchResult",
        adapted: "Adaptation",
        text: str,
    ) -> None:
        from patchpilot.services.backport.choose_conflicts import build_objects_of

        def built(done: "Built") -> None:
            self._ask_write(result, branch, adapted, f"{built_words(done)}\n\n{text}")

        self._stage.in_thread(
            "compiling",
            lambda repository, progress: build_objects_of(
                repository, result, branch, adapted, progress
            ),
            built,
        )

    @property
    def _stage(self) -> "StageScreen":
        return cast("StageScreen", self.screen)
