# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen of the checks stage.

It shows the findings as a list, in the patch below the lines they are about, and one in detail
with its fix.
"""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from patchpilot.model.built_commit import build_summary
from patchpilot.tui.screens.checks_rows import (
    WAIVED,
    Shown,
    detail_of,
    no_findings,
    note_of,
    nothing_keys,
    placed,
    row_of,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.empty import empty_text
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.view.shown_keys import WAIT, NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Option, Reader, ask_which
from patchpilot.tui.widgets.diff_view import DiffView, Note
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.services.fix_finding import FindingFixed, Remedy


BINDINGS: list[BindingType] = [
    key(
        "a",
        "fix_one",
        "apply fix",
        "show the fix for the selected finding as a diff, then apply it",
    ),
    key(
        "A",
        "fix_safe",
        "apply all",
        "show all safe fixes as a diff, then apply them to your commits",
    ),
    key(
        "e",
        "edit",
        "edit",
        "open the line of the finding, or the commit message, in your editor",
    ),
    key(
        "i",
        "waive",
        "waive",
        "waive the finding in this topic, with a reason; or remove the waiver",
    ),
    key("enter", "detail", "detail", "show the selected finding in detail"),
    key(
        "o",
        "only",
        "options",
        "choose which findings are shown, build the commits, or let reviewers read them",
    ),
]


def can_fix(result: "CheckResult") -> bool:
    """Return whether any finding has a certain fix: a safe fix, or a missing tag."""
    from patchpilot.services.fix_finding import Remedy, remedy_of

    certain = (Remedy.SAFE, Remedy.TAGS)
    return any(
        remedy_of(finding, result.rules) in certain
        for checked in result.patches
        for finding in checked.findings
    )


def remedy_here(now: Shown, result: "CheckResult") -> "Remedy":
    """Return how a finding can be fixed from the TUI.

    A finding about the series, or a waived one, can only be fixed by editing.
    """
    from patchpilot.services.fix_finding import Remedy, remedy_of

    if not now.commit or now.suppressed:
        return Remedy.EDIT
    return remedy_of(now.finding, result.rules)


def commits_with(result: "CheckResult", remedy: "Remedy") -> list[str]:
    """Return the ids of the commits that have a finding with this remedy."""
    from patchpilot.services.fix_finding import remedy_of

    patches = (
        patch
        for patch in result.patches
        if any(remedy_of(finding, result.rules) is remedy for finding in patch.findings)
    )
    return [patch.patch.commit for patch in patches if patch.patch.commit]


def keys_now(
    result: "CheckResult",
    now: Shown | None,
    fixed: "FindingFixed | None",
    *,
    is_open: bool,
    can_fix_all: bool,
) -> ShownKeys:
    """Return the keys that apply to the selected finding and its fix.

    `is_open`: the finding's detail is on screen.
    """
    from patchpilot.services.fix_finding import Remedy

    hidden, labels = {"fix_one", "fix_safe", "waive", "detail", "select"}, {}
    if can_fix_all:
        hidden -= {"fix_safe"}
    if now:
        hidden -= {"waive", *(() if is_open else ("detail", "select"))}
        remedy = remedy_here(now, result)
        if remedy is not Remedy.EDIT and not (fixed and fixed.reason):
            hidden -= {"fix_one"}
        words = {Remedy.SIGN_OFF: "sign off", Remedy.TAGS: "add tag"}
        labels = {"fix_one": words.get(remedy, "fix"), "fix_safe": "fix all"}
    return ShownKeys(first="fix_one", hidden=frozenset(hidden), labels=labels)


def next_of(
    result: "CheckResult", found: Sequence[Shown], now: Shown | None
) -> NextKey | None:
    """Return the key to press next, or None for nothing.

    It applies the safe fixes first, then adds the sign-off.
    """
    from patchpilot.services.fix_finding import Remedy, remedy_of

    if can_fix(result):
        return NextKey("A", "review all safe fixes")
    signs = [
        shown
        for shown in found
        if not shown.suppressed
        and remedy_of(shown.finding, result.rules) is Remedy.SIGN_OFF
    ]
    if not signs:
        return None
    return (
        NextKey("a", "sign off")
        if now in signs
        else NextKey("f", "go to the next finding")
    )


NO_FINDING = "no finding is selected; press f to go to the next one"


class ChecksScreen(StageScreen["CheckResult"]):
    """The screen with the list, patch and detail of the findings, which follow one cursor."""

    stage = Stage.CHECKS
    LIST = "#findings"
    BINDINGS = BINDINGS
    jump_label = "next"

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._found: tuple[Shown, ...] = ()
        self._at = self._told = -1
        self._is_ahead = False
        self._fixes: dict[tuple[str, str, int | None], FindingFixed] = {}
        self._only = ""
        self._fixable = False
        self._more = 0
        self._mark = ""

    def body(self) -> ComposeResult:
        with Columns(id="checks-columns"):
            yield Panel(
                RowList(ident="findings", enter="detail"),
                title="Findings",
                id="finding-list",
                classes="main",
            )
            yield Panel(
                DiffView(ident="patch"),
                title="Patch",
                id="patch-panel",
                classes="beneath",
            )
            with (
                Panel(title="Detail", id="detail-panel", classes="detail"),
                VerticalScroll(id="detail"),
            ):
                yield PlainText("finding")

    @property
    def _patch(self) -> DiffView:
        return self.query_one("#patch", DiffView)

    # showing

    def show(self, result: "CheckResult") -> None:
        """The findings below their lines.

        The one that was selected before stays selected, or the one that takes its place.
        """
        view = self._patch
        first = not view.rows
        self._mark = self.session.mark
        rows, self._found = placed(result, self._mark, self._only)
        if self._only and not self._found:
            # the filter matches nothing any more: fixed, or no longer waived
            self._only = ""
            rows, self._found = placed(result, self._mark)
        if self._at < 0 and self._found:
            # what brings a new version first
            ranks = [shown.finding.rank for shown in self._found]
            self._at = ranks.index(min(ranks))
        self._at = min(self._at, len(self._found) - 1)
        self._fixes = {}
        self._fixable = can_fix(result)
        view.fill(rows, notes=self._notes())
        self.fill()
        if first:
            (self.query_one("#findings") if self._found else view).focus()
        view.choose(self._at)
        if not self._found:
            view.go(0)
        self._more = result.left_out
        self._tell_count()
        self._tell_finding()
        self.keys_changed()

    def place(self) -> None:
        super().place()
        if self._shown is not None and self.session.mark != self._mark:
            self.show(self._shown)

    def _notes(self) -> list[Note]:
        return [note_of(shown) for shown in self._found]

    def rows(self) -> list[Row]:
        listed = self.listed
        room = listed.scrollable_content_region
        # a scrollbar may be about to come
        wide = max(20, (room.width or 30) - (not listed.show_vertical_scrollbar))
        rows = [
            Row(row_of(shown, wide), shown, at) for at, shown in enumerate(self._found)
        ]
        return rows or [Row(self._empty(wide, room.height))]

    def _empty(self, columns: int, lines: int) -> Text:
        from patchpilot.checking.check_result import unchecked

        result = self._shown
        if result is None:
            return Text()
        left = f"not checked: {'; '.join(unchecked(result, 'press o')) or 'nothing'}"
        return empty_text(
            f"{glyph('done')} no findings",
            left,
            nothing_keys(result, is_strict=self.session.strict),
            columns,
            lines,
        )

    def fill(self, key: Hashable = None) -> None:
        """Write the list again; the cursor stays on the finding of its number."""
        self.listed.fill(self.rows(), self._at)
        self.list_panel.heading = (
            f"Findings: {self._only}" if self._only else self._title
        )

    @property
    def _nothing(self) -> str:
        return f"{no_findings(self._shown)}; press n for the next stage"

    @property
    def _title(self) -> str:
        """How many findings there are, by severity: as in the stage bar."""
        status = self.session.status(self.stage)
        return status.note if status.count else "Findings"

    @property
    def _now(self) -> Shown | None:
        return self._found[self._at] if 0 <= self._at < len(self._found) else None

    def moved(self, listed: RowList) -> None:
        """The patch and the detail follow the list, once its cursor rests."""
        at = listed.row.key if listed.row else self._at
        if at != self._at:
            self._at, self._is_ahead = at, True
            self._tell_count()
            self.at_rest(self.detail)

    def detail(self) -> None:
        self._is_ahead = False
        self._patch.choose(self._at)

    def on_diff_view_moved(self, event: DiffView.Moved) -> None:
        """The list follows the patch, and the detail once the cursor rests."""
        view = self._patch
        part, panel = view.file_at(event.line), self.query_one("#patch-panel", Panel)
        panel.heading = part.path if part else "Commit message"
        panel.count = "+{} -{}".format(*view.parts.counts(part)) if part else ""
        if self._is_ahead:
            return
        if view.note >= 0:
            self._at = view.note
            self.listed.select(self._at)
            self._tell_count()
        if self._told != self._at:
            self.at_rest(self._tell_finding)

    def _tell_count(self) -> None:
        strict = (
            ("all rules",)
            if self.session.strict
            else (f"o {self._more} more",)
            if self._more
            else ()
        )
        result = self._shown
        built = (build_summary(result.commits),) if result and result.commits else ()
        count = (f"{self._at + 1}/{len(self._found)}",) if self._found else ()
        self.list_panel.count = f" {glyph('dot')} ".join((*count, *strict, *built))

    def _tell_finding(self) -> None:
        result = self._shown
        now, panel = self._now, self.query_one("#detail-panel", Panel)
        self._told = self._at
        if result is None or now is None:
            panel.heading, panel.count = "Detail", ""
            self.query_one("#finding", Static).update(plain(no_findings(result)))
            return
        from patchpilot.services.fix_finding import Remedy

        remedy, fixed = remedy_here(now, result), self._fix
        panel.heading = now.finding.name
        panel.count = str(now.finding.severity)
        rule = next(
            (rule for rule in result.rules if rule.id == now.finding.rule), None
        )
        detail = detail_of(now, rule, remedy, fixed)
        self.query_one("#finding", Static).update(detail)
        self.query_one("#detail").scroll_home(animate=False)
        if fixed is None and remedy is not Remedy.EDIT:
            from patchpilot.tui.screens.fix_dialog import find_fix

            find_fix(self, now, remedy, self._fix_found)

    @property
    def _has_detail(self) -> bool:
        return not (self.has_class("-narrow") and self.has_class("-low"))

    @property
    def shown_keys(self) -> ShownKeys:
        result = self._shown
        if result is None:
            return super().shown_keys
        return keys_now(
            result,
            self._now,
            self._fix,
            is_open=self._has_detail or self.has_class("-detail"),
            can_fix_all=self._fixable,
        )

    @property
    def _fix(self) -> "FindingFixed | None":
        return self._fixes.get(self._now.key) if self._now else None

    def _fix_found(self, shown: Shown, fixed: "FindingFixed") -> None:
        self._fixes[shown.key] = fixed
        if self._now is shown:
            self._tell_finding()

    @property
    def next_key(self) -> NextKey | None:
        if self.current is None or self._doing:
            return WAIT
        return next_of(self.current, self._found, self._now)

    # keys

    @property
    def can_jump(self) -> bool:
        return bool(self._found)

    def action_jump(self, by: int) -> None:
        self._is_ahead = False
        self._patch.stop(by)

    def entered(self, listed: RowList) -> None:
        self.action_detail()

    def action_detail(self) -> None:
        """Show the selected finding in detail: as a card where it has no room of its own, else with
        the focus on its panel.
        """
        self.open_detail()
        self.query_one("#detail").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel" and self.focused is self.query_one("#detail"):
            return True
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        if self.focused is self.query_one("#detail"):
            self.query_one("#findings" if self._found else "#patch").focus()
            self.remove_class("-detail")
            self.keys_changed()
            return
        super().action_cancel()

    def action_only(self) -> None:
        result = self._shown
        if result is None:
            return

        def choose(only: str) -> None:
            self._only = only
            self.show(result)

        is_built = bool(self.session.builds)
        options = [
            Option(
                "Stop building" if is_built else "Build the commits",
                "compiles the files that each commit changes, before and after it",
                self._build,
            ),
            Option(
                "Usual rules" if self.session.strict else "Findings of all rules",
                "includes the findings hidden by default"
                if not self.session.strict
                else "hides what only all rules report",
                self._switch_strict,
            ),
            Option(
                "Let reviewers read the patches",
                "shows the comments that the patch or the tree proves",
                self._review,
            ),
            Option(
                "Findings that are not waived" if self._only else "Waived findings",
                f"{len(result.suppressed)} waived",
                partial(choose, "" if self._only else WAIVED),
            ),
        ]
        ask_which(self.app, "What do you want to see?", options)

    def action_fix_one(self) -> None:
        from patchpilot.services.fix_finding import Remedy, remedy_of
        from patchpilot.tui.screens.fix_dialog import fix_one

        result = self.current
        now = self._now
        if result is None or now is None:
            self.notify(NO_FINDING if self._found else self._nothing)
        elif now.suppressed:
            self.notify(
                f"{now.finding.name} is waived; press i to remove the waiver",
            )
        else:
            remedy = remedy_of(now.finding, result.rules)
            commits = (
                commits_with(result, remedy)
                if remedy is Remedy.SIGN_OFF
                else [now.commit]
            )
            fix_one(
                self,
                now,
                remedy,
                commits,
                self._fixes.get(now.key) if len(commits) == 1 else None,
            )

    def action_fix_safe(self) -> None:
        from patchpilot.services.fix_finding import Remedy
        from patchpilot.tui.screens.fix_dialog import NO_SAFE_FIX, fix_safe

        result = self.current
        if result is None:
            return
        if can_fix(result):
            fix_safe(self, commits_with(result, Remedy.TAGS))
        else:
            self.notify(
                NO_SAFE_FIX
                if result.all
                else "no findings; press n for the next stage",
            )

    def action_waive(self) -> None:
        from patchpilot.tui.actions.waive import take_back, waive

        result = self._shown
        now = self._now
        if now is None:
            self.notify(NO_FINDING)
        elif now.suppressed:
            take_back(self, now.suppressed)
        elif result:
            waive(
                self,
                now.finding,
                sum(other.name == now.finding.name for other in result.all),
            )

    def _build(self) -> None:
        session = self.session
        wanted = session.topic.key if session.topic else ""
        session.builds = "" if session.builds == wanted else wanted
        if not session.builds:
            self.notify("without a build")
        self.tui.jobs.begin(self.stage)

    def _review(self) -> None:
        from patchpilot.services.review.review_patches import ReviewInput, review
        from patchpilot.services.review.review_text import review_text

        result = self.current
        if result is None:
            return
        topic = self.session.checked_topic
        targets = (topic.target,) if topic.target else ()

        def work(repository: Any, progress: Any) -> str:
            given = ReviewInput(result, repository, targets, topic.base)
            return review_text(review(given, progress), unfolded=True)

        def then(text: str) -> None:
            self.app.push_screen(Reader("Machine review", text.split("\n"), fold=True))

        self.in_thread("reviewing", work, then)

    def _switch_strict(self) -> None:
        self.session.strict = not self.session.strict
        self.notify(
            "the findings of all rules are shown; press o to show the usual ones"
            if self.session.strict
            else "the findings of the usual rules are shown",
        )
        self.tui.jobs.begin(self.stage)

    def action_edit(self) -> None:
        from patchpilot.tui.actions.editing import amend, open_file

        now = self._now
        if now and now.finding.path and now.finding.line:
            open_file(self, now.finding.path, now.finding.line)
        else:
            amend(self)
