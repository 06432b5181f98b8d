# SPDX-License-Identifier: GPL-2.0-or-later
"""The backports stage: which releases have the bug, a row for each stable branch, and the details of the selected verdict."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
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
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import QUIET, fitted, lines, plain, wrapped
from patchpilot.tui.screens.adapt_dialog import choose_resolution
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.badge import Badge
from patchpilot.tui.widgets.choose import LineDialog, Reader
from patchpilot.tui.widgets.diff_colors import DiffColors, colors_on
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import List, Table
from patchpilot.tui.widgets.pager import Pager
from patchpilot.tui.widgets.panel import BROAD, TALL, WIDE, Panel
from patchpilot.tui.widgets.ruler import ReleaseRuler
from patchpilot.tui.widgets.three_columns import BASE, BRANCH, FIX, TITLES, Conflicts, OneColumn, Version

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import Adaptation, BackportResult, BranchResult
    from patchpilot.services.backport.conflict_columns import ConflictColumns
    from patchpilot.services.backport.prerequisite_queue import PrerequisiteNeed
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport
    from patchpilot.services.track.known_series import Tracked

BADGES = {
    "already-fixed": Badge("done", "already there", "green"),
    "not-affected": Badge("nothing", "not affected", "dim"),
    "clean": Badge("done", "clean", "green"),
    "clean-3way": Badge("merge", "3-way merge", "cyan"),
    "conflict": Badge("blocked", "conflict", "bold red"),
    "unknown": Badge("unknown", "unknown", "yellow"),
}
FAILED = Badge("blocked", "failed", "bold red")
RESOLVED = Badge("done", "resolved", "green")
RISKS = {"low": "green", "medium": "yellow", "high": "bold red"}
COLUMNS = (("verdict", 15), ("bug", 7), ("prereqs", 7), ("EOL", 7))
MERGED = ("in-mainline", "in-stable")
"""The states of a series whose mainline commit is known."""
NARROW = 100
"""Columns below which a branch is named by its version alone."""
CELL_PADDING = 2
EDGE = 5
"""Columns of a panel's border and a table's scrollbar."""
TODO = "what to do"
WAITS = "wait for the merge"
"""What to do where the stable maintainers get patches once the fix is in mainline."""
WHY = 24
"""Columns of the reason in the table, where there is room for it."""
PAIRS = ((BRANCH, FIX), (BRANCH, BASE), (BASE, FIX))
"""What is shown of a conflict below 160 columns, one after the other with `|`."""
SINGLE = ((), (BRANCH,), (BASE,), (FIX,))
"""The same below 120 columns; none of them: all in one column."""
LABEL = 11
"""Columns of the label before each detail of a verdict."""
FIRST = ("merged as", "why", "failed", "next")
"""The labels of what is shown of a branch above its conflicts."""
SOON = 183
"""Days before the end of its support from which a branch is dimmed: work for it is hardly worth it."""


def load(ask: JobRequest) -> "tuple[BackportResult, StageStatus]":
    """The result of `patchpilot backport` for the selected commit; the commit chosen at the tags stage counts while there is no Fixes: tag."""
    from patchpilot.services.backport.topic_backports import topic_backports

    assert ask.session.commit
    settings = ask.session.settings(ask.repository)
    likely = ask.session.likely
    result = topic_backports(ask.repository, settings, ask.session.commit, ask.session.introduced_by or likely, ask.progress)
    if not result.branches:
        return result, StageStatus(StageState.DONE, result.rules[0])
    needing = [branch for branch in result.branches if branch.wants_fix]
    conflicts = sum(branch.verdict == "conflict" and not branch.resolved for branch in needing)
    words = f"{len(needing)} of {len(result.branches)} branches need the fix" + (f", {conflicts} with conflicts" if conflicts else "")
    if result.asked and result.commit:
        words = f"using mainline commit {result.commit[:12]}: {words}"
    if not result.culprits:
        return result, StageStatus(StageState.TODO, f"introducing commit unknown: press {Stage.TAGS.number} to choose it")
    if likely:
        # which commit that is stands above the ruler
        return result, StageStatus(StageState.OFFERED, f"likely: {words}; press {Stage.TAGS.number} to confirm")
    return result, StageStatus(StageState.DONE, words)


class BackportsScreen(StageScreen):
    """The backports stage: which stable branches have the bug, and whether the fix applies there."""

    stage = Stage.BACKPORTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "write",
            "write patches",
            tooltip="write the patches for every branch that the fix applies to, with the ticked prerequisites (only once it is in mainline)",
        ),
        Binding("z", "resolve", "resolve", tooltip="adapt the fix to this branch, or resolve the conflict in a separate clone"),
        Binding("space", "tick", "tick", key_display="Space", tooltip="tick a prerequisite, or untick it: w writes the ticked ones"),
        Binding(
            "vertical_line", "versions", "versions", key_display="|", tooltip="show the other versions of a conflict: branch, base, fix"
        ),
        Binding(
            "f", "fetch", "git fetch", tooltip="run git fetch, after confirmation, once the fix was merged: its mainline commit is needed"
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._left_out: dict[str, frozenset[str]] = {}
        self._conflicts: dict[tuple[str, str], tuple[ConflictColumns, ...]] = {}
        self._versions = 0
        self._shown_conflicts: Conflicts | None = None
        self._read_conflict: Conflicts | None = None
        self._colors: tuple[object, DiffColors] | None = None
        self._patches: dict[tuple[str, str], tuple[str, ...]] = {}

    def body(self) -> ComposeResult:
        """The ruler, the matrix, and of the selected branch the verdict, the prerequisites and the conflicts."""
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
            yield Pager(ident="sides", styler=self._conflict_look)
        with Panel(title="The fix on this branch", id="outcome"):
            yield DiffView(ident="applied")

    def on_mount(self) -> None:
        """What a branch may have appears with it."""
        super().on_mount()
        self._hide("#range", "#needs", "#clash", "#outcome")

    def show(self, result: "BackportResult") -> None:
        """Fill the ruler and the matrix."""
        self.quiet = frozenset(() if result.upstream else ("write",))
        self.keys_changed()
        self.query_one("#ruler", ReleaseRuler).show(result.bug)
        range_of, likely = self.query_one("#range", Panel), self.session.likely
        range_of.display = bool(result.bug.points)
        range_of.heading = f"Where the bug is, if {likely[:12]} introduced it" if likely else "Where the bug is"
        self.query_one("#branches").display = bool(result.branches)
        table = self.query_one("#matrix", Table)
        at = table.cursor_row if table.row_count else first_to_look_at(result)
        table.clear(columns=True)
        todo = [self._what_to_do(branch, result) for branch in result.branches]
        # the reason has the place of the actions where there are none
        has_why, has_todo = self.size.width >= WIDE or not any(todo), any(todo)
        columns = self._columns(max((len(self._short_name(branch)) for branch in result.branches), default=0), has_why, has_todo)
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
            table.add_row(*(Text(fitted(text.plain, width), text.style, no_wrap=True) for text, (_, width) in cells))
        if result.branches:
            table.move_cursor(row=min(at, len(result.branches) - 1))
            table.focus()
            self._explain(table.cursor_row)
        else:
            self._hide("#needs", "#clash", "#outcome")
            self.query_one("#branch", Static).update(plain("\n".join(result.rules)))

    def _what_to_do(self, branch: "BranchResult", result: "BackportResult") -> str:
        message = self.session.commit.message.split("\n") if self.session.commit else ()
        is_tagged = any("stable@" in tag.value for tag in all_tags(message, "Cc"))
        return what_to_do(branch, result, self._unticked(branch), self._merged(result), is_tagged=is_tagged)

    def _merged(self, result: "BackportResult") -> str:
        """The mainline commit that mails report and that was not fetched yet, else ""."""
        known: Sequence[Tracked] = self.session.last(Stage.FOLLOW) or ()
        own = next((series for series in known if series.own and series.status and str(series.status.state) in MERGED), None)
        return (own.status.commit or "") if own and own.status and not result.upstream else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to fetch only when the fix was merged."""
        result: BackportResult | None = self.session.last(self.stage)
        if action == "versions":
            return self.query_one("#clash").display and self.size.width < BROAD
        return bool(result and self._merged(result)) if action == "fetch" else super().check_action(action, parameters)

    def action_fetch(self) -> None:
        """Run git fetch, so that the mainline commit is used."""
        from patchpilot.tui.fetch_action import fetch

        fetch(self)

    def _short_name(self, branch: "BranchResult") -> str:
        return (branch.version if self.size.width < NARROW else None) or branch.branch

    def _columns(self, widest: int, has_why: bool, has_todo: bool) -> tuple[tuple[str, int], ...]:
        """The table's columns, with the widest name of a branch; the last one gets the rest of the width."""
        known = (("branch", max(6, widest)), *COLUMNS, *((("why", WHY),) if has_why and has_todo else ()))
        room = (self.size.width or 80) - EDGE - sum(width + CELL_PADDING for _, width in known) - CELL_PADDING
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
        result: BackportResult | None = self.session.last(self.stage)
        if result is None or at >= len(result.branches):
            return
        branch = result.branches[at]
        self.query_one("#verdict", Panel).heading = f"{branch.branch}: {badge_of(branch).word}"
        # half of the width where the prerequisites are next to it
        half = self.size.width >= WIDE and self.size.height >= TALL
        wide = (self.size.width // 2 if half else self.size.width) - EDGE - LABEL
        self.query_one("#branch", Static).update(lines(detail_rows(self._details(branch, result), wide)))
        self._list_needs(branch)
        self._show_below(branch)

    def _unticked(self, branch: "BranchResult") -> frozenset[str]:
        """The prerequisites that are not ticked: at first none; but all while the introducing commit, which may be one of them, is unknown."""
        result: BackportResult | None = self.session.last(self.stage)
        at_first = () if result is None or result.culprits else (need.commit for need in branch.prerequisites)
        return self._left_out.get(branch.branch, frozenset(at_first))

    def _all_unticked(self, result: "BackportResult") -> dict[str, frozenset[str]]:
        """The same by branch."""
        return {branch.branch: self._unticked(branch) for branch in result.branches}

    def _details(self, branch: "BranchResult", result: "BackportResult") -> list[tuple[str, str]]:
        """What the panel says about a branch, as (label, text); the prerequisites and the lines of the conflict have panels of their own."""
        todo, merged = self._next(branch, result), self._merged(result)
        rows = [("merged as", f"{merged[:12]}, not fetched yet: press f (git fetch)")] if merged else []
        rows += [*details(branch), *([("next", todo)] if todo else []), *(("not fetched", str(other.version)) for other in result.missing)]
        return [*rows, *(("note", rule) for rule in result.rules)]

    def _next(self, branch: "BranchResult", result: "BackportResult") -> str:
        """What to do, and of what has to wait the reason."""
        todo = self._what_to_do(branch, result)
        return f"{todo}: stable takes mainline only; z prepares it" if todo == WAITS else todo

    def _in_words(self, branch: "BranchResult", result: "BackportResult") -> list[tuple[str, str]]:
        """All that is known of a branch, as (label, text)."""
        merged = self._merged(result)
        fetch = f"{merged[:12]}, which was not fetched yet: press f (git fetch), then this stage uses it"
        todo = self._next(branch, result)
        return [*([("merged as", fetch)] if merged else []), *in_words(branch), *([("next", todo)] if todo else [])]

    def _commands(self, branch: "BranchResult", result: "BackportResult") -> list[str]:
        """The commands that apply the fix to a branch, with the mainline commit where it is known."""
        merged = self._merged(result)
        if not merged or not result.commit:
            return list(branch.commands)
        return [row.replace(result.commit, merged).replace(result.commit[:12], merged[:12]) for row in branch.commands]

    def _hide(self, *names: str) -> None:
        for name in names:
            self.query_one(name).display = False

    def _list_needs(self, branch: "BranchResult", at: int = 0) -> None:
        """The prerequisites in the order to apply, each with size and risk; the ticked ones are in the queue."""
        from patchpilot.services.backport.prerequisite_queue import risk_of

        result: BackportResult | None = self.session.last(self.stage)
        needs = branch.prerequisites if branch.wants_fix else ()
        panel, queue = self.query_one("#needs", Panel), self.query_one("#queue", List)
        # where the two are beside each other, the verdict keeps its width
        panel.display = bool(needs) or (self.size.width >= WIDE and self.size.height >= TALL)
        # on a low terminal there is room for one of the two
        self.query_one("#verdict").display = not needs or self.size.height >= TALL
        left_out = self._unticked(branch)
        how = ": only their changes to the fix's files" if branch.partial else ", in this order"
        panel.heading = f"Prerequisites{how if needs else ''}"
        panel.count = f"{sum(need.commit not in left_out for need in needs)}/{len(needs)} ticked · Space" if needs else ""
        queue.clear_options()
        most = result.max_lines if result else 0
        queue.add_options(
            [Option(need_row(need, number, str(risk_of(need, most)), need.commit not in left_out)) for number, need in enumerate(needs, 1)]
            or [Option(plain("none"), disabled=True)]
        )
        if result and not self.query_one("#verdict").display:
            known = [(label, text) for label, text in self._details(branch, result) if label in FIRST]
            queue.add_options([Option(row, disabled=True) for row in detail_rows(known, self.size.width - EDGE - LABEL)])
        queue.highlighted = at if needs else None

    def _show_below(self, branch: "BranchResult") -> None:
        """The conflicts, or the patch that the fix becomes: found once for each branch. What is shown of another branch stays for that moment."""
        result: BackportResult | None = self.session.last(self.stage)
        if result is None or result.commit is None or not branch.wants_fix or self.size.height < TALL:
            self._hide("#clash", "#outcome")
            return
        key = (result.commit, branch.tip)
        if branch.conflicts:
            show = partial(self._show_conflicts, branch, key)
            show() if key in self._conflicts else self._read_conflicts(branch, key, show, show)
        elif branch.tip and not branch.conflicts:
            self._show_patch(branch, key) if key in self._patches else self._make_patch(branch, key, result)
        else:
            self._hide("#clash", "#outcome")

    def _show_conflicts(self, branch: "BranchResult", key: tuple[str, str]) -> None:
        """The conflicts as far as they are known: three versions next to each other, two of them, or one, as the width allows."""
        if self._chosen() != branch:
            return
        self._hide("#outcome")
        panel, choices = self.query_one("#clash", Panel), self._choices()
        shown = choices[self._versions % len(choices)]
        self._shown_conflicts = self._conflicts_of(branch, key, shown)
        other = choices[(self._versions + 1) % len(choices)]
        names = " and ".join(TITLES[version].partition(" ")[0] for version in other) or "all"
        turn = f" · | {names}" if len(choices) > 1 else ""
        panel.display, panel.count = True, f"{counted(len(branch.conflicts), 'conflict')}{turn}"
        rows = self._shown_conflicts.rows
        self.query_one("#sides", Pager).fill(rows, stops=[at for at, row in enumerate(rows) if row.startswith("@@ ")])

    def _choices(self) -> tuple[tuple[int, ...], ...]:
        """The versions of a conflict that there is room for at once, in turn."""
        if self.app.size.width >= BROAD:
            return ((BRANCH, BASE, FIX),)
        return PAIRS if self.app.size.width >= WIDE else SINGLE

    def _conflicts_of(self, branch: "BranchResult", key: tuple[str, str], shown: Sequence[int]) -> Conflicts:
        """The conflicts of a branch as rows; without the base and the lines around them while these are not read."""
        read = self._conflicts.get(key)
        found = [(one.place, one.base_line, one.fix_line) for one in read] if read else [(place, 0, 0) for place in branch.conflicts]
        conflicts = [
            (
                place.path,
                f"{place.path}:{place.line} ({place.kind})",
                (Version(place.ours, place.line), Version(place.base, base), Version(place.theirs, fix)),
            )
            for place, base, fix in found
        ]
        columns = self.app.size.width - EDGE
        return Conflicts(conflicts, shown, columns) if shown else OneColumn(conflicts, columns)

    def _conflict_look(self, row: str) -> Text:
        look = self._shown_conflicts.look(row, self._diff_colors()) if self._shown_conflicts else None
        return plain(row) if look is None else look

    def _diff_colors(self) -> DiffColors:
        """The colors of code for the theme, computed once for each."""
        sides = self.query_one("#sides")
        of = (self.app.theme, sides.background_colors[1], self.app.no_color)
        if self._colors is None or self._colors[0] != of:
            self._colors = of, colors_on(sides)
        return self._colors[1]

    def action_versions(self) -> None:
        """Show the next versions of the conflict."""
        branch = self._chosen()
        if branch is not None:
            self._versions += 1
            self._show_below(branch)

    def _read_conflicts(
        self, branch: "BranchResult", key: tuple[str, str], then: Callable[[], None], meanwhile: Callable[[], None]
    ) -> None:
        """Read the versions of a branch's conflicts; then call `then`."""
        from patchpilot.services.backport.conflict_columns import conflict_columns

        def read(places: "tuple[ConflictColumns, ...]") -> None:
            self._conflicts[key] = places
            then()

        self.in_thread("reading the conflicts", lambda repository, _: conflict_columns(repository, key[0], branch), read, meanwhile)

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

    def _make_patch(self, branch: "BranchResult", key: tuple[str, str], result: "BackportResult") -> None:
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
        result: BackportResult | None = self.session.last(self.stage)
        at = self.query_one("#matrix", Table).cursor_row
        return result.branches[at] if result and at < len(result.branches) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter opens the branch."""
        self.action_open()

    def action_open(self) -> None:
        """Show a branch on the whole screen: the sides of each conflict, its prerequisites, the commands."""
        branch = self._chosen()
        result: BackportResult | None = self.session.last(self.stage)
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
            Reader(f"{branch.branch}: {badge_of(branch).word}", styler=self._branch_look, make=lambda: self._whole_branch(branch, result))
        )

    def _whole_branch(self, branch: "BranchResult", result: "BackportResult") -> tuple[list[str], list[int]]:
        """A branch on the whole screen: the verdict, the versions of each conflict, the details, the commands; and where a conflict starts."""
        known, wide = self._in_words(branch, result), self.app.size.width - EDGE - LABEL
        first, more = ([fact for fact in known if (fact[0] in FIRST) is is_first] for is_first in (True, False))
        rows = [row.plain for row in detail_rows(first, wide)]
        self._read_conflict = None
        if branch.conflicts and branch.wants_fix:
            self._read_conflict = self._conflicts_of(branch, (result.commit or "", branch.tip), self._choices()[0])
            rows += ["", *self._read_conflict.rows]
        rows += ["", *(row.plain for row in detail_rows(more, wide))] if more else []
        commands = [f"  {command}" for command in self._commands(branch, result)]
        rows += ["", "In a shell:", *commands] if commands else []
        return rows, [at for at, row in enumerate(rows) if row.startswith("@@ ")]

    def _branch_look(self, row: str) -> Text:
        look = self._read_conflict.look(row, self._diff_colors()) if self._read_conflict else None
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
        result: BackportResult | None = self.session.last(self.stage)
        table = self.query_one("#matrix", Table)
        if result is not None and table.ordered_columns[-1].label.plain == TODO:
            width = table.ordered_columns[-1].width
            text = fitted(self._what_to_do(branch, result), width)
            table.update_cell_at(Coordinate(table.cursor_row, len(table.columns) - 1), plain(text))

    def action_write(self) -> None:
        """Write the patches into a folder: for each branch the ticked prerequisites, then the fix."""

        def answered(value: str | None) -> None:
            if value:
                self._write(Path(value).expanduser())

        result: BackportResult | None = self.session.fresh(self.stage)
        if result is None:
            self.notify("not ready yet", timeout=2)
            return
        text = f"{what_is_written(result, self._all_unticked(result))}\n\nFolder for the patches:"
        self.app.push_screen(LineDialog(text, lambda value: (bool(value.strip()), ""), value="backports", title="Write patches"), answered)

    def _write(self, folder: Path) -> None:
        from patchpilot.services.backport.topic_backports import write_topic_backports

        result: BackportResult | None = self.session.fresh(self.stage)
        if result is None:
            return

        left_out = self._all_unticked(result)

        self.in_thread(
            "writing the patches", lambda repository, _: write_topic_backports(repository, result, folder, left_out), self._show_written
        )

    def _show_written(self, done: "tuple[WrittenBackport, ...]") -> None:
        title = "Patches written" if any(backport.files for backport in done) else "No patches written"
        self.app.push_screen(Reader(title, written_rows(done), fold=True))

    def action_resolve(self) -> None:
        """Propose ways to bring the fix to a branch where it conflicts, or continue in the clone once the conflict is resolved."""
        from patchpilot.services.backport.topic_backports import adapt_to

        result: BackportResult | None = self.session.fresh(self.stage)
        branch = self._chosen()
        if result is None or branch is None or branch.verdict != "conflict":
            self.notify("no conflict on this branch", timeout=2)
            return

        self.in_thread(
            "adapting the fix to the branch",
            lambda repository, _: adapt_to(repository, result, branch),
            lambda adapted: choose_resolution(
                self.app,
                branch,
                adapted,
                write=lambda found: self._write_adapted(result, branch, found),
                resolve=lambda start: self._resolve(result, branch, start),
            ),
        )

    def _write_adapted(self, result: "BackportResult", branch: "BranchResult", adapted: "Adaptation") -> None:
        from patchpilot.services.backport.topic_backports import write_adapted

        def answered(value: str | None) -> None:
            if value:
                folder = Path(value).expanduser()
                self.in_thread(
                    "writing the patches",
                    lambda repository, _: (write_adapted(repository, result, branch, adapted, folder),),
                    self._show_written,
                )

        text = f"The adapted patch for {branch.branch}; read it before you send it.\n\nFolder for the patch:"
        self.app.push_screen(LineDialog(text, lambda value: (bool(value.strip()), ""), value="backports", title="Write patches"), answered)

    def _resolve(self, result: "BackportResult", branch: "BranchResult", start: "Adaptation | None") -> None:
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


def first_to_look_at(result: "BackportResult") -> int:
    """The row to select at first: a conflict, else a branch that needs the fix, else the first."""
    needing = [at for at, branch in enumerate(result.branches) if branch.wants_fix]
    conflicts = [at for at in needing if result.branches[at].verdict == "conflict"]
    return next(iter([*conflicts, *needing]), 0)


def badge_of(branch: "BranchResult") -> Badge:
    """The verdict as a badge; a fix that the stable maintainers reported as failed is that, until the branch has it or the user resolved the conflict."""
    if branch.resolved and branch.wants_fix:
        return RESOLVED
    return FAILED if branch.failed and branch.wants_fix else BADGES[str(branch.verdict)]


def bug_in_words(branch: "BranchResult") -> str:
    """Whether the branch has the bug."""
    return {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "fixed"}[branch.affected]


def needs_count(branch: "BranchResult") -> str:
    """How many prerequisites the fix has there; a star where only parts of them are needed."""
    count = len(branch.prerequisites) if branch.wants_fix else 0
    return f"{count}{'*' if branch.partial else ''}" if count else ""


def what_to_do(
    branch: "BranchResult", result: "BackportResult", left_out: Collection[str] = (), merged: str = "", *, is_tagged: bool = False
) -> str:
    """The next action for a branch, with its key; "" while the introducing commit is unknown, which the panel says once.

    `left_out` are the prerequisites that are not ticked, `merged` is the mainline commit to fetch.
    `is_tagged`: the fix has Cc: stable, so the stable maintainers take it where it applies.
    """
    ticked = sum(need.commit not in left_out for need in branch.prerequisites)
    if not branch.wants_fix:
        return "nothing"
    if merged:
        return "f fetch the merge"
    if branch.queued:
        return "queued for a release"
    if branch.resolved:
        return "patches written: z"
    if branch.affected is None and not result.culprits:
        return ""
    if branch.verdict == "conflict" and (branch.failed or not ticked):
        return "z resolve"
    if not result.upstream or (is_tagged and not branch.failed and branch.verdict != "conflict"):
        return WAITS if branch.verdict == "conflict" else "Cc: stable is enough"
    if branch.verdict == "conflict":
        return f"w write {ticked + 1} patches"
    return "w write patch" if branch.verdict == "clean" else "w write, then review"


def what_is_written(result: "BackportResult", left_out: "Mapping[str, Collection[str]]") -> str:
    """What `w` writes: a line for each branch that needs the fix, with the number of its ticked prerequisites."""
    rows = []
    for branch in result.branches:
        if branch.wants_fix:
            ticked = sum(need.commit not in left_out.get(branch.branch, ()) for need in branch.prerequisites)
            rows.append(f"{branch.branch}: {counted(ticked, 'prerequisite') + ', then the fix' if branch.prerequisites else 'the fix'}")
    return "\n".join(rows) or "No branch needs the fix."


def ends_soon(branch: "BranchResult", today: date) -> bool:
    """Whether the support of the branch has ended or ends within half a year."""
    year, _, month = (branch.ends or "").partition("-")
    if branch.is_over or not (year.isdigit() and month.isdigit()):
        return branch.is_over
    return (date(int(year), int(month), 1) - today).days < SOON


def need_row(need: "PrerequisiteNeed", number: int, risk: str, is_ticked: bool) -> Text:
    """A prerequisite: ticked or not, its place in the order, id, size, risk, subject."""
    tick = f"[{glyph('ticked')}]" if is_ticked else "[ ]"
    row = plain(f"{tick} {number:>2}  {need.commit[:12]}  {counted(need.size, 'line'):>10}  ")
    return row.append(fitted(f"{risk} risk", 11), RISKS[risk]).append(plain(f"  {need.subject}"))


def why(branch: "BranchResult", culprits: Collection[str]) -> str:
    """The reason of a verdict in a few words: where it conflicts, or which commit the branch has; those that introduced the bug are mainline commits."""
    if branch.landed_as:
        return f"applied as {branch.landed_as[:12]}"
    if branch.wants_fix and branch.conflicts:
        first, more = branch.conflicts[0], len(branch.conflicts) - 1
        line = f":{first.line}" if first.line else ""
        return f"{first.path.rpartition('/')[2]}{line}{f' and {more} more' if more else ''}"
    return f"bug from {branch.culprit_as[:12]}" if branch.culprit_as and branch.culprit_as not in culprits else ""


def details(branch: "BranchResult") -> list[tuple[str, str]]:
    """The details of a verdict in short, as (label, text): one row for each fact."""
    rows = [("why", branch.reason)]
    rows += [("failed", f"reported in <{branch.failed}>")] if branch.failed else []
    if branch.wants_fix:
        rows += [("caused by", f"{cause.commit[:12]} {cause.subject}") for cause in branch.causes[:4]]
        rows += needs_in_words(branch) if branch.search in ("none", "gave-up") else []
    rows += [("then apply", f"{later.commit[:12]} {later.subject} ({later.kind})") for later in branch.followers]
    rows += [("note", hint) for hint in branch.hints]
    return [*rows, *([("note", "not fetched for a long time; run git fetch")] if branch.stale else [])]


def detail_rows(known: Sequence[tuple[str, str]], columns: int) -> list[Text]:
    """Labels, each once for the facts that it has, with their texts wrapped next to them."""
    rows, before = [], ""
    for label, text in known:
        for at, part in enumerate(wrapped(text, columns)):
            rows.append(Text.assemble((fitted(label if not at and label != before else "", LABEL), "dim"), plain(part)))
        before = label
    return rows


def in_words(branch: "BranchResult") -> list[tuple[str, str]]:
    """The details of a verdict in full, as (label, text)."""
    rows = [("why", branch.reason)]
    if branch.stale:
        rows.append(("note", "this branch has not been fetched for a long time; run git fetch"))
    if branch.failed:
        rows.append(("failed", f"the stable maintainers reported it in <{branch.failed}>"))
    if branch.landed_as:
        rows.append(("applied as", branch.landed_as[:12]))
    if branch.wants_fix:
        rows += [("caused by", f"{cause.commit[:12]} {cause.subject}: {cause.why}") for cause in branch.causes[:4]]
        rows += needs_in_words(branch)
    rows += [("then apply", f"{later.commit[:12]} {later.subject} ({later.kind})") for later in branch.followers]
    rows += [("note", hint) for hint in branch.hints]
    if branch.lacking_newer:
        rows.append(("note", f"newer branches without the fix: {', '.join(branch.lacking_newer)}"))
    return rows


def needs_in_words(branch: "BranchResult") -> list[tuple[str, str]]:
    """The prerequisites of the fix, or why there are none."""
    if branch.search == "none":
        return [("search", "the fix does not apply even with the missing commits; adapt it manually")]
    if branch.search == "gave-up":
        return [("search", "search for prerequisites timed out")]
    rows = [("needs", f"{need.commit[:12]} {need.subject} ({counted(need.size, 'line')})") for need in branch.prerequisites]
    if branch.partial:
        rows.append(("note", "of these only the changes to the fix's own files are needed (apply them manually first)"))
        if branch.whole:
            lines_in_all = counted(sum(need.size for need in branch.whole), "line")
            rows.append(("note", f"as whole commits: {counted(len(branch.whole), 'commit')}, {lines_in_all} in total"))
    return rows


def written_rows(done: "Sequence[WrittenBackport]") -> list[str]:
    """The files of each branch; for the other branches the reason."""
    rows = [part for backport in done if backport.files for part in (f"{backport.branch}:", *(f"  {file}" for file in backport.files))]
    for reason in dict.fromkeys(backport.skipped for backport in done if not backport.files):
        branches = ", ".join(backport.branch for backport in done if not backport.files and backport.skipped == reason)
        rows += [*([""] if rows else []), f"no patch for {branches}: {in_keys(reason, Stage.BACKPORTS)}"]
    return rows


SHELL = "In a shell (Ctrl-Z suspends patchpilot, fg resumes it):"
DEMO = "In the demo this branch is done with that: do not send the patches, a shell of yours would use your own mail server."


def resolving_rows(done: "Resolving", *, in_demo: bool = False) -> list[str]:
    """Where the conflict is, its state, what to do next and where, and the patches once they are written; in the demo they are not sent."""
    if done.files:
        return [
            f"Conflict on {done.branch} resolved. In the clone, these commits are on top of it, oldest first:",
            *(f"  {commit}" for commit in done.commits),
            f"  ({done.folder})",
            "",
            "They are written as patches, with To:, Cc: and In-Reply-To:",
            f"  {done.files[0].parent}",
            *(f"    {file.name}" for file in done.files),
            "",
            *([DEMO] if in_demo else (SHELL, *(f"  {in_keys(line, Stage.BACKPORTS)}" for line in done.advice))),
        ]
    return [
        f"The conflict on {done.branch} is in this clone:",
        f"  {done.folder}",
        "",
        SHELL,
        *(f"  {line}" for line in done.advice),
        "",
        "When it is resolved, press z here to continue.",
    ]
