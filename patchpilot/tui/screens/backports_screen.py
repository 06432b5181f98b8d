# SPDX-License-Identifier: GPL-2.0-or-later
"""The backports stage: which releases have the bug, a row for each stable branch, and the details
of the selected verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Static
from textual.widgets.option_list import Option

from patchpilot.model.counted import counted
from patchpilot.model.trailer import all_tags
from patchpilot.tui.screens.adapt_dialog import choose_resolution
from patchpilot.tui.screens.branch_rows import (
    FIRST,
    LABEL,
    WAITS,
    badge_of,
    bug_in_words,
    detail_rows,
    details,
    ends_soon,
    first_to_look_at,
    in_words,
    need_row,
    needs_count,
    resolving_rows,
    what_is_written,
    what_to_do,
    why,
    written_rows,
)
from patchpilot.tui.screens.conflict_pane import ConflictPane
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.rich_text import QUIET, fitted, lines, plain
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import LineDialog, Reader
from patchpilot.tui.widgets.conflict_view import EDGE, ConflictView, choices, laid_out
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import List, Table
from patchpilot.tui.widgets.panel import BROAD, TALL, WIDE, Panel
from patchpilot.tui.widgets.ruler import ReleaseRuler
from patchpilot.tui.widgets.three_columns import Conflicts, Version, Versions

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        Adaptation,
        BackportResult,
        BranchResult,
    )
    from patchpilot.services.backport.choose_conflicts import Choices, OpenConflicts
    from patchpilot.services.backport.conflict_columns import ConflictColumns
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport
    from patchpilot.topic.followed.known_series import Tracked

COLUMNS = (("verdict", 15), ("bug", 7), ("prereqs", 7), ("EOL", 7))
MERGED = ("in-mainline", "in-stable")
"""The states of a series whose mainline commit is known."""
NARROW = 100
"""Columns below which a branch is named by its version alone."""
CELL_PADDING = 2
TODO = "what to do"
WHY = 24
"""Columns of the reason in the table, where there is room for it."""


class BackportsScreen(StageScreen):
    """The backports stage: which stable branches have the bug, and whether the fix applies there."""  # noqa: E501

    stage = Stage.BACKPORTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "write",
            "write patches",
            tooltip=(
                "write the patches for every branch that the fix applies to, with the ticked"
                " prerequisites (only once it is in mainline)"
            ),
        ),
        Binding(
            "z",
            "resolve",
            "resolve",
            tooltip="adapt the fix to this branch, or resolve the conflict in a separate clone",
        ),
        Binding(
            "space",
            "tick",
            "tick",
            key_display="Space",
            tooltip="tick a prerequisite, or untick it: w writes the ticked ones",
        ),
        Binding(
            "vertical_line",
            "versions",
            "versions",
            key_display="|",
            tooltip="show the other versions of a conflict: branch, base, fix",
        ),
        Binding(
            "f",
            "fetch",
            "git fetch",
            tooltip=(
                "run git fetch, after confirmation, once the fix was merged: its mainline commit is"
                " needed"
            ),
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._left_out: dict[str, frozenset[str]] = {}
        self._conflicts: dict[tuple[str, str], tuple[ConflictColumns, ...]] = {}
        self._read_conflict: Conflicts | None = None
        self._chosen_words: dict[str, str] = {}
        self._selected_first = -1
        self._patches: dict[tuple[str, str], tuple[str, ...]] = {}

    def body(self) -> ComposeResult:
        """The ruler, the matrix, and of the selected branch the verdict, the prerequisites and the
        conflicts.
        """
        with Container(id="overview"):
            with Panel(title="Where the bug is", id="range"):
                yield ReleaseRuler(ident="ruler")
            with Panel(title="Stable branches", id="branches", classes="main"):
                yield Table(ident="matrix", enter="open branch")
            with Container(id="branch-answer", classes="pair"):
                with Panel(title="Verdict", id="verdict"), VerticalScroll(can_focus=False):
                    yield Static(id="branch", markup=False)
                with Panel(title="Prerequisites", id="needs"):
                    yield List(ident="queue")
            with Panel(title="Conflicts", id="clash"):
                yield ConflictView(ident="sides")
            with Panel(title="The fix on this branch", id="outcome"):
                yield DiffView(ident="applied")
        yield ConflictPane(ident="conflicts", write=self._write_adapted, left=self._leave_conflicts)

    def on_mount(self) -> None:
        """What a branch may have appears with it."""
        super().on_mount()
        self._hide("#range", "#needs", "#clash", "#outcome", "#conflicts")

    @property
    def _chooses(self) -> bool:
        """Whether the conflicts of a branch are shown in place of the branches."""
        # asked for the keys, also before there are any widgets
        return any(pane.display for pane in self.query("#conflicts"))

    @property
    def main_panel(self) -> Panel | None:
        """The branches; while what a conflict becomes is chosen, its proposals."""
        return self.query_one("#proposals-panel", Panel) if self._chooses else super().main_panel

    def show(self, result: "BackportResult") -> None:
        """Fill the ruler and the matrix.

        Conflicts that are not those of the fix or the branch any more are read again.
        """
        if self._chooses and not (pane := self.query_one("#conflicts", ConflictPane)).is_for(
            result
        ):
            same = [
                branch
                for branch in result.branches
                if branch.branch == pane.branch and branch.verdict == "conflict"
            ]
            if same:
                self._open_conflicts(result, same[0])
            else:
                self._show_branches()
        self.keys_changed()
        self.query_one("#ruler", ReleaseRuler).show(result.bug)
        range_of, likely = self.query_one("#range", Panel), self.session.likely
        range_of.display = bool(result.bug.points)
        range_of.heading = (
            f"Where the bug is, if {likely[:12]} introduced it" if likely else "Where the bug is"
        )
        self.query_one("#branches").display = bool(result.branches)
        table = self.query_one("#matrix", Table)
        at = self._row_to_select(table, result)
        table.clear(columns=True)
        todo = [self._what_to_do(branch, result) for branch in result.branches]
        # the reason has the place of the actions where there are none
        has_why, has_todo = self.size.width >= WIDE or not any(todo), any(todo)
        columns = self._columns(
            max((len(self._short_name(branch)) for branch in result.branches), default=0),
            has_why,
            has_todo,
        )
        for name, width in columns:
            table.add_column(name, width=width)
        today = datetime.now(UTC).date()
        for branch, action in zip(result.branches, todo, strict=True):
            dim = "dim" if ends_soon(branch, today) else ""
            texts = (
                plain(self._short_name(branch), dim),
                badge_of(branch).text,
                plain(bug_in_words(branch), dim),
                plain(needs_count(branch), dim),
                plain(branch.ends or "", dim),
                *((plain(why(branch, result.culprits), dim),) if has_why else ()),
                *((plain(action, dim),) if has_todo else ()),
            )
            cells = zip(texts, columns, strict=True)
            table.add_row(
                *(
                    Text(fitted(text.plain, width), text.style, no_wrap=True)
                    for text, (_, width) in cells
                )
            )
        if result.branches:
            table.move_cursor(row=min(at, len(result.branches) - 1))
            if not self._chooses:
                table.focus()
            self._explain(table.cursor_row)
        else:
            self._hide("#needs", "#clash", "#outcome")
            self.query_one("#branch", Static).update(plain("\n".join(result.rules)))

    @property
    def shown_keys(self) -> ShownKeys:
        """Patches are written once the fix is in mainline."""
        result: BackportResult | None = self._shown
        is_early = result is not None and not result.upstream
        return ShownKeys(hidden=frozenset(("write",) if is_early else ()))

    def _row_to_select(self, table: Table, result: "BackportResult") -> int:
        """The row of the cursor.

        The first to look at where there was none, or where it was selected for a conflict that this
        result has not.
        """
        at = table.cursor_row
        is_ours = not table.row_count or at == self._selected_first
        if is_ours and not (
            table.row_count
            and at < len(result.branches)
            and result.branches[at].verdict == "conflict"
        ):
            at = self._selected_first = first_to_look_at(result)
        return at

    def _what_to_do(self, branch: "BranchResult", result: "BackportResult") -> str:
        message = self.session.commit.message.split("\n") if self.session.commit else ()
        is_tagged = any("stable@" in tag.value for tag in all_tags(message, "Cc"))
        return what_to_do(
            self._as_chosen(branch),
            result,
            self._unticked(branch),
            self._merged(result),
            is_tagged=is_tagged,
        )

    def _as_chosen(self, branch: "BranchResult") -> "BranchResult":
        """The branch with what was chosen for its conflicts since the result was made."""
        return replace(branch, chosen=self._chosen_words.get(branch.branch, branch.chosen))

    def _merged(self, result: "BackportResult") -> str:
        """The mainline commit that mails report and that was not fetched yet, else ""."""
        known: Sequence[Tracked] = self.session.last(Stage.FOLLOW) or ()
        own = next(
            (
                series
                for series in known
                if series.own and series.status and str(series.status.state) in MERGED
            ),
            None,
        )
        return (own.status.commit or "") if own and own.status and not result.upstream else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to fetch only when the fix was merged."""
        result: BackportResult | None = self._shown
        if self._chooses and action in ("write", "resolve", "tick", "versions", "fetch"):
            return False
        if action == "versions":
            return any(panel.display for panel in self.query("#clash")) and self.size.width < BROAD
        return (
            bool(result and self._merged(result))
            if action == "fetch"
            else super().check_action(action, parameters)
        )

    def action_fetch(self) -> None:
        """Run git fetch, so that the mainline commit is used."""
        from patchpilot.tui.actions.fetch_action import fetch

        fetch(self)

    def _short_name(self, branch: "BranchResult") -> str:
        return (branch.version if self.size.width < NARROW else None) or branch.branch

    def _columns(self, widest: int, has_why: bool, has_todo: bool) -> tuple[tuple[str, int], ...]:
        """The table's columns, with the widest name of a branch.

        The last one gets the rest of the width.
        """
        known = (
            ("branch", max(6, widest)),
            *COLUMNS,
            *((("why", WHY),) if has_why and has_todo else ()),
        )
        room = (
            (self.size.width or 80)
            - EDGE
            - sum(width + CELL_PADDING for _, width in known)
            - CELL_PADDING
        )
        return (*known, (TODO if has_todo else "why", max(8, room)))

    def on_resize(self) -> None:
        """Columns follow the width."""
        super().on_resize()
        if self._shown is not None:
            self.show(self._shown)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show the details of the selected verdict, once the cursor rests."""
        self.at_rest(lambda: self._explain(self.query_one("#matrix", Table).cursor_row))

    def _explain(self, at: int) -> None:
        result: BackportResult | None = self._shown
        if result is None or at >= len(result.branches):
            return
        branch = result.branches[at]
        self.query_one("#verdict", Panel).heading = f"{branch.branch}: {badge_of(branch).word}"
        # half of the width where the prerequisites are next to it
        half = self.size.width >= WIDE and self.size.height >= TALL
        wide = (self.size.width // 2 if half else self.size.width) - EDGE - LABEL
        self.query_one("#branch", Static).update(
            lines(detail_rows(self._details(branch, result), wide))
        )
        self._list_needs(branch)
        self._show_below(branch)

    def _unticked(self, branch: "BranchResult") -> frozenset[str]:
        """The prerequisites that are not ticked: at first none.

        But all while the introducing commit, which may be one of them, is unknown.
        """
        result: BackportResult | None = self._shown
        at_first = (
            ()
            if result is None or result.culprits
            else (need.commit for need in branch.prerequisites)
        )
        return self._left_out.get(branch.branch, frozenset(at_first))

    def _all_unticked(self, result: "BackportResult") -> dict[str, frozenset[str]]:
        """The same by branch."""
        return {branch.branch: self._unticked(branch) for branch in result.branches}

    def _details(self, branch: "BranchResult", result: "BackportResult") -> list[tuple[str, str]]:
        """What the panel says about a branch, as (label, text).

        The prerequisites and the lines of the conflict have panels of their own.
        """
        todo, merged = self._next(branch, result), self._merged(result)
        rows = (
            [("merged as", f"{merged[:12]}, not fetched yet: press f (git fetch)")]
            if merged
            else []
        )
        rows += [
            *details(self._as_chosen(branch)),
            *([("next", todo)] if todo else []),
            *(("not fetched", str(other.version)) for other in result.missing),
        ]
        return [*rows, *(("note", rule) for rule in result.rules)]

    def _next(self, branch: "BranchResult", result: "BackportResult") -> str:
        """What to do, and of what has to wait the reason."""
        todo = self._what_to_do(branch, result)
        return f"{todo}: stable takes mainline only; z prepares it" if todo == WAITS else todo

    def _in_words(self, branch: "BranchResult", result: "BackportResult") -> list[tuple[str, str]]:
        """All that is known of a branch, as (label, text)."""
        merged = self._merged(result)
        fetch = (
            f"{merged[:12]}, which was not fetched yet: press f (git fetch), then this stage"
            " uses it"
        )
        todo = self._next(branch, result)
        return [
            *([("merged as", fetch)] if merged else []),
            *in_words(branch),
            *([("next", todo)] if todo else []),
        ]

    def _commands(self, branch: "BranchResult", result: "BackportResult") -> list[str]:
        """The commands that apply the fix to a branch, with the mainline commit where it is known."""  # noqa: E501
        merged = self._merged(result)
        if not merged or not result.commit:
            return list(branch.commands)
        return [
            row.replace(result.commit, merged).replace(result.commit[:12], merged[:12])
            for row in branch.commands
        ]

    def _hide(self, *names: str) -> None:
        for name in names:
            self.query_one(name).display = False

    def _list_needs(self, branch: "BranchResult", at: int = 0) -> None:
        """The prerequisites in the order to apply, each with size and risk.

        The ticked ones are in the queue.
        """
        from patchpilot.services.backport.prerequisite_queue import risk_of

        result: BackportResult | None = self._shown
        needs = branch.prerequisites if branch.wants_fix else ()
        panel, queue = self.query_one("#needs", Panel), self.query_one("#queue", List)
        # where the two are beside each other, the verdict keeps its width
        panel.display = bool(needs) or (self.size.width >= WIDE and self.size.height >= TALL)
        # on a low terminal there is room for one of the two
        self.query_one("#verdict").display = not needs or self.size.height >= TALL
        left_out = self._unticked(branch)
        how = ": only their changes to the fix's files" if branch.partial else ", in this order"
        panel.heading = f"Prerequisites{how if needs else ''}"
        panel.count = (
            f"{sum(need.commit not in left_out for need in needs)}/{len(needs)} ticked · Space"
            if needs
            else ""
        )
        queue.clear_options()
        most = result.max_lines if result else 0
        queue.add_options(
            [
                Option(
                    need_row(need, number, str(risk_of(need, most)), need.commit not in left_out)
                )
                for number, need in enumerate(needs, 1)
            ]
            or [Option(plain("none"), disabled=True)]
        )
        if result and not self.query_one("#verdict").display:
            known = [
                (label, text) for label, text in self._details(branch, result) if label in FIRST
            ]
            queue.add_options(
                [
                    Option(row, disabled=True)
                    for row in detail_rows(known, self.size.width - EDGE - LABEL)
                ]
            )
        queue.highlighted = at if needs else None

    def _show_below(self, branch: "BranchResult") -> None:
        """The conflicts, or the patch that the fix becomes: found once for each branch.

        What is shown of another branch stays for that moment.
        """
        result: BackportResult | None = self._shown
        if (
            result is None
            or result.commit is None
            or not branch.wants_fix
            or self.size.height < TALL
        ):
            self._hide("#clash", "#outcome")
            return
        key = (result.commit, branch.tip)
        if branch.conflicts:
            show = partial(self._show_conflicts, branch, key)
            show() if key in self._conflicts else self._read_conflicts(branch, key, show, show)
        elif branch.tip and not branch.conflicts:
            (
                self._show_patch(branch, key)
                if key in self._patches
                else self._make_patch(branch, key, result)
            )
        else:
            self._hide("#clash", "#outcome")

    def _show_conflicts(self, branch: "BranchResult", key: tuple[str, str]) -> None:
        """The conflicts as far as they are known: three versions next to each other, two of them,
        or one, as the width allows.
        """
        if self._chosen() != branch:
            return
        self._hide("#outcome")
        panel, sides = self.query_one("#clash", Panel), self.query_one("#sides", ConflictView)
        sides.show(self._conflicts_of(branch, key))
        turn = f" · | {sides.next_versions}" if sides.next_versions else ""
        panel.display, panel.count = True, f"{counted(len(branch.conflicts), 'conflict')}{turn}"

    def _conflicts_of(
        self, branch: "BranchResult", key: tuple[str, str]
    ) -> list[tuple[str, str, Versions]]:
        """The conflicts of a branch, each (path, title, versions).

        Without the base and the lines around them while these are not read.
        """
        read = self._conflicts.get(key)
        found = (
            [(one.place, one.base_line, one.fix_line) for one in read]
            if read
            else [(place, 0, 0) for place in branch.conflicts]
        )
        return [
            (
                place.path,
                f"{place.path}:{place.line} ({place.kind})",
                (
                    Version(place.ours, place.line),
                    Version(place.base, base),
                    Version(place.theirs, fix),
                ),
            )
            for place, base, fix in found
        ]

    def action_versions(self) -> None:
        """Show the next versions of the conflict."""
        branch = self._chosen()
        if branch is not None:
            self.query_one("#sides", ConflictView).turn()
            self._show_below(branch)

    def _read_conflicts(
        self,
        branch: "BranchResult",
        key: tuple[str, str],
        then: Callable[[], None],
        meanwhile: Callable[[], None],
    ) -> None:
        """Read the versions of a branch's conflicts; then call `then`."""
        from patchpilot.services.backport.conflict_columns import conflict_columns

        def read(places: "tuple[ConflictColumns, ...]") -> None:
            self._conflicts[key] = places
            then()

        self.in_thread(
            "reading the conflicts",
            lambda repository, _: conflict_columns(repository, key[0], branch),
            read,
            meanwhile,
        )

    def _show_patch(self, branch: "BranchResult", key: tuple[str, str]) -> None:
        """The patch that the fix becomes on the branch; nothing before it is made."""
        if self._chosen() != branch:
            return
        self._hide("#clash")
        panel = self.query_one("#outcome", Panel)
        panel.display, panel.heading = True, f"The fix on {branch.branch}"
        rows, view = self._patches.get(key, ()), self.query_one("#applied", DiffView)
        if tuple(view.rows) != rows:
            view.fill(rows)

    def _make_patch(
        self, branch: "BranchResult", key: tuple[str, str], result: "BackportResult"
    ) -> None:
        from patchpilot.services.backport.patch_on_branch import patch_on_branch

        def made(rows: tuple[str, ...]) -> None:
            self._patches[key] = rows
            self._show_patch(branch, key)

        self.in_thread(
            "applying the fix",
            lambda repository, _: patch_on_branch(repository, result, branch),
            made,
            lambda: self._show_patch(branch, key),
        )

    def _chosen(self) -> "BranchResult | None":
        result: BackportResult | None = self._shown
        at = self.query_one("#matrix", Table).cursor_row
        return result.branches[at] if result and at < len(result.branches) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter opens the branch."""
        self.action_open()

    def action_open(self) -> None:
        """Show a branch on the whole screen: the sides of each conflict, its prerequisites, the
        commands.
        """
        branch = self._chosen()
        result: BackportResult | None = self._shown
        if branch is None or result is None:
            return
        key = (result.commit or "", branch.tip)
        if branch.conflicts and branch.wants_fix and key not in self._conflicts:
            # on a low terminal they were not read yet
            self._read_conflicts(branch, key, lambda: self._open(branch, result), lambda: None)
        else:
            self._open(branch, result)

    def _open(self, branch: "BranchResult", result: "BackportResult") -> None:
        self.app.push_screen(
            Reader(
                f"{branch.branch}: {badge_of(branch).word}",
                styler=self._branch_look,
                make=lambda: self._whole_branch(branch, result),
            )
        )

    def _whole_branch(
        self, branch: "BranchResult", result: "BackportResult"
    ) -> tuple[list[str], list[int]]:
        """A branch on the whole screen: the verdict, the versions of each conflict, the details,
        the commands; and where a conflict starts.
        """
        known, wide = self._in_words(branch, result), self.app.size.width - EDGE - LABEL
        first, more = (
            [fact for fact in known if (fact[0] in FIRST) is is_first] for is_first in (True, False)
        )
        rows = [row.plain for row in detail_rows(first, wide)]
        self._read_conflict = None
        if branch.conflicts and branch.wants_fix:
            columns = self.app.size.width
            self._read_conflict = laid_out(
                self._conflicts_of(branch, (result.commit or "", branch.tip)),
                choices(columns)[0],
                columns,
            )
            rows += ["", *self._read_conflict.rows]
        rows += ["", *(row.plain for row in detail_rows(more, wide))] if more else []
        commands = [f"  {command}" for command in self._commands(branch, result)]
        rows += ["", "In a shell:", *commands] if commands else []
        return rows, [at for at, row in enumerate(rows) if row.startswith("@@ ")]

    def _branch_look(self, row: str) -> Text:
        look = (
            self._read_conflict.look(row, self.query_one("#sides", ConflictView).code_colors())
            if self._read_conflict
            else None
        )
        if look is not None:
            return look
        # a label has the first columns of a row for itself
        is_labeled = row[:1].isalpha() and row[LABEL - 2 : LABEL].isspace()
        return Text.assemble((row[:LABEL], QUIET), row[LABEL:]) if is_labeled else plain(row)

    def action_tick(self) -> None:
        """Tick the prerequisite, or untick it; from the matrix, go to the prerequisites."""
        branch, queue = self._chosen(), self.query_one("#queue", List)
        if branch is None or not branch.wants_fix or not branch.prerequisites:
            self.notify("no prerequisites on this branch", timeout=2)
        elif self.focused is not queue:
            queue.focus()
        elif queue.highlighted is not None:
            commit = branch.prerequisites[queue.highlighted].commit
            self._left_out[branch.branch] = self._unticked(branch) ^ {commit}
            self._list_needs(branch, queue.highlighted)
            self._tell_action(branch)

    def _tell_action(self, branch: "BranchResult") -> None:
        """What to do with a branch, after its prerequisites were ticked."""
        result: BackportResult | None = self._shown
        table = self.query_one("#matrix", Table)
        if result is not None and table.ordered_columns[-1].label.plain == TODO:
            width = table.ordered_columns[-1].width
            text = fitted(self._what_to_do(branch, result), width)
            table.update_cell_at(Coordinate(table.cursor_row, len(table.columns) - 1), plain(text))

    def action_write(self) -> None:
        """Write the patches into a folder: for each branch the ticked prerequisites, then the fix."""  # noqa: E501

        def answered(value: str | None) -> None:
            if value:
                self._write(Path(value).expanduser())

        result: BackportResult | None = self.current
        if result is None:
            self.notify("not ready yet", timeout=2)
            return
        text = f"{what_is_written(result, self._all_unticked(result))}\n\nFolder for the patches:"
        self.app.push_screen(
            LineDialog(
                text,
                lambda value: (bool(value.strip()), ""),
                value="backports",
                title="Write patches",
            ),
            answered,
        )

    def _write(self, folder: Path) -> None:
        from patchpilot.services.backport.topic_backports import write_topic_backports

        result: BackportResult | None = self.current
        if result is None:
            return

        left_out = self._all_unticked(result)

        self.in_thread(
            "writing the patches",
            lambda repository, _: write_topic_backports(repository, result, folder, left_out),
            self._show_written,
        )

    def _show_written(self, done: "tuple[WrittenBackport, ...]") -> None:
        title = (
            "Patches written" if any(backport.files for backport in done) else "No patches written"
        )
        self.app.push_screen(Reader(title, written_rows(done), fold=True))

    def action_resolve(self) -> None:
        """Propose ways to bring the fix to a branch where it conflicts, or continue in the clone
        once the conflict is resolved.
        """
        from patchpilot.services.backport.topic_backports import ways_to

        result: BackportResult | None = self.current
        branch = self._chosen()
        if result is None or branch is None or branch.verdict != "conflict":
            self.notify("no conflict on this branch", timeout=2)
            return

        self.in_thread(
            "adapting the fix to the branch",
            lambda repository, _: ways_to(repository, result, branch),
            lambda ways: choose_resolution(
                self.app,
                branch,
                ways,
                write=lambda found: self._write_adapted(result, branch, found),
                choose=lambda: self._open_conflicts(result, branch),
                resolve=lambda start: self._resolve(result, branch, start),
            ),
        )

    def _open_conflicts(self, result: "BackportResult", branch: "BranchResult") -> None:
        """Show the conflicts of a branch with their proposals in place of the branches."""
        from patchpilot.services.backport.choose_conflicts import open_conflicts

        def read(known: "OpenConflicts") -> None:
            if not known.conflicts:
                self.notify(
                    "the conflict is about names or modes of files: z, then Resolve manually",
                    severity="warning",
                    timeout=8,
                )
                return
            self.query_one("#overview").display = False
            self.query_one("#conflicts").display = True
            self.query_one("#conflicts", ConflictPane).show(result, branch, known)
            self.place()
            self.refresh_bindings()

        # a name of its own: reading the versions of the selected branch's conflicts does not
        # replace it
        self.in_thread(
            "reading the proposals",
            lambda repository, progress: open_conflicts(repository, result, branch, progress),
            read,
        )

    def _leave_conflicts(self, branch: "BranchResult", choices: "Choices") -> None:
        """Show the branches again, and how far the choices are."""
        self._chosen_words[branch.branch] = choices.words
        self._show_branches()
        if self._shown is not None:
            self.show(self._shown)

    def _show_branches(self) -> None:
        self.query_one("#conflicts").display = False
        self.query_one("#overview").display = True
        self.query_one("#matrix", Table).focus()
        self.place()
        self.refresh_bindings()

    def _write_adapted(
        self, result: "BackportResult", branch: "BranchResult", adapted: "Adaptation"
    ) -> None:
        from patchpilot.services.backport.topic_backports import write_adapted

        def answered(value: str | None) -> None:
            if value:
                folder = Path(value).expanduser()
                self.in_thread(
                    "writing the patches",
                    lambda repository, _: (
                        write_adapted(repository, result, branch, adapted, folder),
                    ),
                    self._show_written,
                )

        text = (
            f"The adapted patch for {branch.branch}; read it before you send it.\n\nFolder for the"
            " patch:"
        )
        self.app.push_screen(
            LineDialog(
                text,
                lambda value: (bool(value.strip()), ""),
                value="backports",
                title="Write patches",
            ),
            answered,
        )

    def _resolve(
        self, result: "BackportResult", branch: "BranchResult", start: "Adaptation | None"
    ) -> None:
        from patchpilot.services.backport.topic_backports import resolve_conflict

        def ready(done: "Resolving") -> None:
            rows = resolving_rows(done, in_demo=bool(self.tui.demo))
            self.app.push_screen(Reader("Resolve the conflict", rows, fold=True))
            if done.files and not branch.resolved:
                self.notify(f"{branch.branch}: resolved; the patches are written", markup=False)
                self.tui.jobs.begin(self.stage)

        left_out = self._unticked(branch)
        self.in_thread(
            "setting up the conflict for you to resolve",
            lambda repository, _: resolve_conflict(repository, result, branch, left_out, start),
            ready,
        )
