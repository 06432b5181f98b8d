# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage backports: a row for each stable branch, and the reasons of the verdict under the cursor."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable, Static

from patchpilot.model.counted import counted
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.rich_text import diff_line, fitted, lines, plain, wrapped
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageStanding, StageState
from patchpilot.tui.widgets.choose import LineDialog, Reader
from patchpilot.tui.widgets.lists import Table

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import BackportResult, BranchResult
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport

STYLES = {"already-fixed": "green", "clean": "green", "clean-3way": "cyan", "conflict": "bold red"}
COLUMNS = (("branch", 24), ("verdict", 13), ("bug there", 9), ("needs first", 11), ("until", 10))
WORTH_A_COLUMN = 24
"""Columns below which a reason is not worth showing beside its verdict."""


def load(ask: JobRequest) -> "tuple[BackportResult, StageStanding]":
    """What `patchpilot backport` says of the commit in hand; a culprit chosen at the tags counts while no Fixes: tag is there."""
    from patchpilot.services.backport.topic_backports import topic_backports

    assert ask.session.commit
    settings = ask.session.settings(ask.repository)
    result = topic_backports(ask.repository, settings, ask.session.commit, ask.session.culprit, ask.progress)
    if not result.branches:
        return result, StageStanding(StageState.DONE, result.rules[0])
    needing = [branch for branch in result.branches if branch.wants_fix]
    conflicts = sum(branch.verdict == "conflict" for branch in needing)
    words = f"{len(needing)} of {len(result.branches)} branches need it" + (f", {conflicts} with a conflict" if conflicts else "")
    if result.asked and result.commit:
        words = f"taken as {result.commit[:12]}: {words}"
    if not result.culprits:
        return result, StageStanding(StageState.TODO, "no culprit is known: choose one at 4 tags")
    return result, StageStanding(StageState.DONE, words)


class BackportsScreen(StageScreen):
    """Which stable branches have the bug, and whether the fix fits them."""

    stage = Stage.BACKPORTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w", "write", "write patches", tooltip="write the patches for every branch that takes the fix (only once it is in mainline)"
        ),
        Binding("z", "resolve", "resolve", tooltip="work on this branch's conflict in a clone of its own"),
    ]

    def body(self) -> ComposeResult:
        """The matrix, and one branch in full."""
        with Container(classes="stack"):
            yield Table(ident="matrix", enter="open branch")
            with VerticalScroll(classes="side", can_focus=False):
                yield Static(id="branch", markup=False)

    def show(self, result: "BackportResult") -> None:
        """Fill the matrix."""
        table = self.query_one("#matrix", Table)
        at = table.cursor_row if table.row_count else first_to_look_at(result)
        table.clear(columns=True)
        columns = self._columns()
        for name, width in columns:
            table.add_column(name, width=width)
        for branch in result.branches:
            there = {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "no more"}[branch.affected]
            needs = f"{len(branch.prerequisites)}{' partly' if branch.partial else ''}" if branch.prerequisites else ""
            verdict = f"{branch.verdict}{' queued' if branch.queued else ''}"
            cells = (branch.branch, verdict, there, needs, branch.ends or "", branch.reason)[: len(columns)]
            styles = ("", STYLES.get(str(branch.verdict), ""), "", "", "", "")[: len(columns)]
            table.add_row(*(plain(fitted(cell, width), style) for cell, (_, width), style in zip(cells, columns, styles, strict=True)))
        if result.branches:
            table.move_cursor(row=min(at, len(result.branches) - 1))
        table.focus()
        if result.branches:
            self._explain(table.cursor_row)
        else:
            self.query_one("#branch", Static).update(plain("\n".join(result.rules)))

    def _columns(self) -> tuple[tuple[str, int], ...]:
        """The table's columns, with the reason where the terminal is wide enough for it."""
        room = (self.size.width or 80) - 3 - sum(width + 2 for _, width in COLUMNS)
        return (*COLUMNS, ("why", room)) if room >= WORTH_A_COLUMN else COLUMNS

    def on_resize(self) -> None:
        """Columns follow the width."""
        super().on_resize()
        if self._shown is not None:
            self.show(self._shown)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say the reasons of the verdict."""
        self._explain(event.cursor_row)

    def _explain(self, at: int) -> None:
        result: BackportResult | None = self.session.last(self.stage)
        if result and at < len(result.branches):
            missing = [f"not here: {branch.version}" for branch in result.missing]
            branch = result.branches[at]
            rows = [*in_words(branch), *missing, *result.rules, *(conflict_rows(branch) if branch.wants_fix else ())]
            self.query_one("#branch", Static).update(lines(diff_line(row) for row in rows))

    def _chosen(self) -> "BranchResult | None":
        result: BackportResult | None = self.session.last(self.stage)
        at = self.query_one("#matrix", Table).cursor_row
        return result.branches[at] if result and at < len(result.branches) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter opens the branch."""
        self.action_open()

    def action_open(self) -> None:
        """A branch on the whole screen: both sides of each conflict, its prerequisites, the commands."""
        branch = self._chosen()
        if branch:
            wrapped_rows = [
                part for row in in_words(branch) for part in (wrapped(row, self.size.width - 5) if not row.startswith("  ") else [row])
            ]
            rows = [*wrapped_rows, *conflict_rows(branch)]
            stops = [at for at, row in enumerate(rows) if row.startswith("@@ ")]
            self.app.push_screen(Reader(f"{branch.branch}: {branch.verdict}", rows, styler=diff_line, stops=stops))

    def action_write(self) -> None:
        """Write ready patches into a folder."""

        def answered(value: str | None) -> None:
            if value:
                self._write(Path(value).expanduser())

        self.app.push_screen(
            LineDialog("Write the patches into which folder?", lambda text: (bool(text.strip()), ""), value="backports"), answered
        )

    def _write(self, folder: Path) -> None:
        from patchpilot.services.backport.topic_backports import write_topic_backports

        result: BackportResult | None = self.session.fresh(self.stage)
        if result is None:
            return

        def written(done: "tuple[WrittenBackport, ...]") -> None:
            self.app.push_screen(
                Reader("Written" if any(backport.files for backport in done) else "Nothing was written", written_rows(done), fold=True)
            )

        self.in_thread("writing the patches", lambda repository, _: write_topic_backports(repository, result, folder), written)

    def action_resolve(self) -> None:
        """A clone with the conflict in it; taken up again once it is resolved."""
        from patchpilot.services.backport.topic_backports import resolve_conflict

        result: BackportResult | None = self.session.fresh(self.stage)
        branch = self._chosen()
        if result is None or branch is None or branch.verdict != "conflict":
            self.notify("there is no conflict on this branch", timeout=2)
            return

        def ready(done: "Resolving") -> None:
            self.app.push_screen(Reader("The conflict, in a clone of its own", resolving_rows(done), fold=True))

        self.in_thread("preparing the conflict", lambda repository, _: resolve_conflict(repository, result, branch), ready)


def first_to_look_at(result: "BackportResult") -> int:
    """The row that wants a person most: a conflict, else a branch that needs the fix, else the first."""
    needing = [at for at, branch in enumerate(result.branches) if branch.wants_fix]
    conflicts = [at for at in needing if result.branches[at].verdict == "conflict"]
    return next(iter([*conflicts, *needing]), 0)


def in_words(branch: "BranchResult") -> list[str]:
    """The reasons of a verdict, a line each."""
    rows = [f"{branch.branch}: {branch.reason}"]
    if branch.stale:
        rows.append("mind: this branch was not fetched for long: git fetch")
    if branch.landed_as:
        rows.append(f"landed as {branch.landed_as[:12]}")
    if branch.wants_fix:
        rows += [f"conflict in {place.path}:{place.line}" for place in branch.conflicts]
        rows += [f"because of {cause.commit[:12]} {cause.subject}: {cause.why}" for cause in branch.causes[:4]]
        rows += needs_in_words(branch)
    rows += [f"afterwards also {later.commit[:12]} {later.subject} ({later.kind})" for later in branch.followers]
    rows += [f"mind: {hint}" for hint in branch.hints]
    if branch.lacking_newer:
        rows.append(f"newer branches that lack it too: {', '.join(branch.lacking_newer)}")
    return [*rows, *(f"  {command}" for command in branch.commands)]


def needs_in_words(branch: "BranchResult") -> list[str]:
    """What is to be applied before the fix, or how the search for it ended."""
    if branch.search in ("none", "gave-up"):
        return [
            "nothing that it lacks makes it apply: the fix has to be adapted"
            if branch.search == "none"
            else "what it lacks was not found in time"
        ]
    if not branch.partial:
        return [f"apply first {need.commit[:12]} {need.subject}" for need in branch.prerequisites]
    rows = ["first bring in by hand, of these commits, only what they change in the fix's own files:"]
    rows += [f"- {need.commit[:12]} {need.subject} ({counted(need.size, 'line')})" for need in branch.prerequisites]
    if branch.whole:
        rows.append(f"(to pick whole commits it would take {len(branch.whole)}, {sum(need.size for need in branch.whole)} lines in all)")
    return rows


def conflict_rows(branch: "BranchResult") -> list[str]:
    """Both sides of each conflict, as a diff shows them: `-` the branch has, `+` the fix brings."""
    rows: list[str] = []
    for place in branch.conflicts:
        rows += ["", f"@@ {place.path}:{place.line} ({place.kind}) @@", "the branch has:"]
        rows += [f"-{line}" for line in place.ours] or ["  nothing"]
        rows += ["the fix brings:", *([f"+{line}" for line in place.theirs] or ["  nothing"])]
    return rows


def written_rows(done: "Sequence[WrittenBackport]") -> list[str]:
    """The files of each branch; branches without any by their reason."""
    rows = [part for backport in done if backport.files for part in (f"{backport.branch}:", *(f"  {file}" for file in backport.files))]
    for reason in dict.fromkeys(backport.skipped for backport in done if not backport.files):
        branches = ", ".join(backport.branch for backport in done if not backport.files and backport.skipped == reason)
        rows += [*([""] if rows else []), f"not for {branches}: {in_keys(reason, Stage.BACKPORTS)}"]
    return rows


def resolving_rows(done: "Resolving") -> list[str]:
    """Where the conflict is, its state, what to do next, and the patches once there are any."""
    if done.files:
        return [
            f"{done.branch} is resolved; its patches are",
            *(f"  {file}" for file in done.files),
            "",
            "The clone they were made in:",
            f"  {done.folder}",
            "",
            *(in_keys(line, Stage.BACKPORTS) for line in done.advice),
        ]
    return [f"{done.branch} waits for you in", f"  {done.folder}", "", *map(str, done.advice), "", "Then z here takes it up again."]
