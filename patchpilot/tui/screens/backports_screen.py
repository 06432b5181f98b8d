# SPDX-License-Identifier: GPL-2.0-or-later
"""The backports stage: a row for each stable branch, and the details of the selected verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from patchpilot.model.counted import counted
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.rich_text import diff_line, fitted, lines, plain, wrapped
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import LineDialog, Reader
from patchpilot.tui.widgets.lists import Table
from patchpilot.tui.widgets.panel import Columns, Panel, side_columns

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import BackportResult, BranchResult
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport

STYLES = {"already-fixed": "green", "clean": "green", "clean-3way": "cyan", "conflict": "bold red"}
COLUMNS = (("branch", 24), ("verdict", 13), ("has bug", 9), ("prereqs", 11), ("EOL", 10))
WORTH_A_COLUMN = 24
"""Columns below which the reason column is not shown."""


def load(ask: JobRequest) -> "tuple[BackportResult, StageStatus]":
    """The result of `patchpilot backport` for the selected commit; the commit chosen at the tags stage counts while there is no Fixes: tag."""
    from patchpilot.services.backport.topic_backports import topic_backports

    assert ask.session.commit
    settings = ask.session.settings(ask.repository)
    result = topic_backports(ask.repository, settings, ask.session.commit, ask.session.introduced_by, ask.progress)
    if not result.branches:
        return result, StageStatus(StageState.DONE, result.rules[0])
    needing = [branch for branch in result.branches if branch.wants_fix]
    conflicts = sum(branch.verdict == "conflict" for branch in needing)
    words = f"{len(needing)} of {len(result.branches)} branches need the fix" + (f", {conflicts} with conflicts" if conflicts else "")
    if result.asked and result.commit:
        words = f"using mainline commit {result.commit[:12]}: {words}"
    if not result.culprits:
        return result, StageStatus(StageState.TODO, f"introducing commit unknown; choose it at stage {Stage.TAGS.number}")
    return result, StageStatus(StageState.DONE, words)


class BackportsScreen(StageScreen):
    """The backports stage: which stable branches have the bug, and whether the fix applies there."""

    stage = Stage.BACKPORTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "write",
            "write patches",
            tooltip="write the patch files for every branch that the fix applies to (only once it is in mainline)",
        ),
        Binding("z", "resolve", "resolve", tooltip="resolve the conflict of this branch in a separate clone"),
    ]

    def body(self) -> ComposeResult:
        """The matrix and the selected branch in full."""
        with Columns():
            yield Panel(Table(ident="matrix", enter="open branch"), title="Stable branches", classes="main")
            with Panel(title="Branch", classes="below"), VerticalScroll(can_focus=False):
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
            there = {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "fixed"}[branch.affected]
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
        room = (self.size.width or 80) - side_columns(self.size.width) - 5 - sum(width + 2 for _, width in COLUMNS)
        return (*COLUMNS, ("why", room)) if room >= WORTH_A_COLUMN else COLUMNS

    def on_resize(self) -> None:
        """Columns follow the width."""
        super().on_resize()
        if self._shown is not None:
            self.show(self._shown)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show the details of the selected verdict."""
        self._explain(event.cursor_row)

    def _explain(self, at: int) -> None:
        result: BackportResult | None = self.session.last(self.stage)
        if result and at < len(result.branches):
            missing = [f"not fetched: {branch.version}" for branch in result.missing]
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
        """Show a branch on the whole screen: both sides of each conflict, its prerequisites, the commands."""
        branch = self._chosen()
        if branch:
            wrapped_rows = [
                part for row in in_words(branch) for part in (wrapped(row, self.size.width - 5) if not row.startswith("  ") else [row])
            ]
            rows = [*wrapped_rows, *conflict_rows(branch)]
            stops = [at for at, row in enumerate(rows) if row.startswith("@@ ")]
            self.app.push_screen(Reader(f"{branch.branch}: {branch.verdict}", rows, styler=diff_line, stops=stops))

    def action_write(self) -> None:
        """Write the patches into a folder."""

        def answered(value: str | None) -> None:
            if value:
                self._write(Path(value).expanduser())

        self.app.push_screen(LineDialog("Folder for the patches:", lambda text: (bool(text.strip()), ""), value="backports"), answered)

    def _write(self, folder: Path) -> None:
        from patchpilot.services.backport.topic_backports import write_topic_backports

        result: BackportResult | None = self.session.fresh(self.stage)
        if result is None:
            return

        def written(done: "tuple[WrittenBackport, ...]") -> None:
            self.app.push_screen(
                Reader(
                    "Patches written" if any(backport.files for backport in done) else "No patches written", written_rows(done), fold=True
                )
            )

        self.in_thread("writing the patches", lambda repository, _: write_topic_backports(repository, result, folder), written)

    def action_resolve(self) -> None:
        """Prepare a clone with the conflict, or continue there once it is resolved."""
        from patchpilot.services.backport.topic_backports import resolve_conflict

        result: BackportResult | None = self.session.fresh(self.stage)
        branch = self._chosen()
        if result is None or branch is None or branch.verdict != "conflict":
            self.notify("no conflict on this branch", timeout=2)
            return

        def ready(done: "Resolving") -> None:
            self.app.push_screen(Reader("Resolve the conflict", resolving_rows(done), fold=True))

        self.in_thread("preparing the conflict", lambda repository, _: resolve_conflict(repository, result, branch), ready)


def first_to_look_at(result: "BackportResult") -> int:
    """The row to select at first: a conflict, else a branch that needs the fix, else the first."""
    needing = [at for at, branch in enumerate(result.branches) if branch.wants_fix]
    conflicts = [at for at in needing if result.branches[at].verdict == "conflict"]
    return next(iter([*conflicts, *needing]), 0)


def in_words(branch: "BranchResult") -> list[str]:
    """The details of a verdict, one per line."""
    rows = [f"{branch.branch}: {branch.reason}"]
    if branch.stale:
        rows.append("note: this branch has not been fetched for a long time; run git fetch")
    if branch.landed_as:
        rows.append(f"applied as {branch.landed_as[:12]}")
    if branch.wants_fix:
        rows += [f"conflict in {place.path}:{place.line}" for place in branch.conflicts]
        rows += [f"caused by {cause.commit[:12]} {cause.subject}: {cause.why}" for cause in branch.causes[:4]]
        rows += needs_in_words(branch)
    rows += [f"then also apply {later.commit[:12]} {later.subject} ({later.kind})" for later in branch.followers]
    rows += [f"note: {hint}" for hint in branch.hints]
    if branch.lacking_newer:
        rows.append(f"newer branches without the fix: {', '.join(branch.lacking_newer)}")
    return [*rows, *(f"  {command}" for command in branch.commands)]


def needs_in_words(branch: "BranchResult") -> list[str]:
    """The prerequisites of the fix, or why there are none."""
    if branch.search in ("none", "gave-up"):
        return [
            "no missing commit makes the fix apply; adapt the fix to this branch"
            if branch.search == "none"
            else "search for prerequisites timed out"
        ]
    if not branch.partial:
        return [f"prerequisite: {need.commit[:12]} {need.subject}" for need in branch.prerequisites]
    rows = ["prerequisites, of which only the changes to the fix's own files are needed (apply them manually first):"]
    rows += [f"- {need.commit[:12]} {need.subject} ({counted(need.size, 'line')})" for need in branch.prerequisites]
    if branch.whole:
        rows.append(
            f"(as whole commits: {counted(len(branch.whole), 'commit')}, {counted(sum(need.size for need in branch.whole), 'line')} in total)"
        )
    return rows


def conflict_rows(branch: "BranchResult") -> list[str]:
    """Both sides of each conflict, as in a diff: `-` is the branch, `+` is the fix."""
    rows: list[str] = []
    for place in branch.conflicts:
        rows += ["", f"@@ {place.path}:{place.line} ({place.kind}) @@", "in the branch:"]
        rows += [f"-{line}" for line in place.ours] or ["  (nothing)"]
        rows += ["in the fix:", *([f"+{line}" for line in place.theirs] or ["  (nothing)"])]
    return rows


def written_rows(done: "Sequence[WrittenBackport]") -> list[str]:
    """The files of each branch; for the other branches the reason."""
    rows = [part for backport in done if backport.files for part in (f"{backport.branch}:", *(f"  {file}" for file in backport.files))]
    for reason in dict.fromkeys(backport.skipped for backport in done if not backport.files):
        branches = ", ".join(backport.branch for backport in done if not backport.files and backport.skipped == reason)
        rows += [*([""] if rows else []), f"no patch for {branches}: {in_keys(reason, Stage.BACKPORTS)}"]
    return rows


def resolving_rows(done: "Resolving") -> list[str]:
    """Where the conflict is, its state, what to do next, and the patches once they are written."""
    if done.files:
        return [
            f"Conflict on {done.branch} resolved. Patches:",
            *(f"  {file}" for file in done.files),
            "",
            "The clone:",
            f"  {done.folder}",
            "",
            *(in_keys(line, Stage.BACKPORTS) for line in done.advice),
        ]
    return [
        f"The conflict on {done.branch} is in this clone:",
        f"  {done.folder}",
        "",
        *map(str, done.advice),
        "",
        "When it is resolved, press z here to continue.",
    ]
