# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the checks stage.

It shows the findings as a list and in the patch below their lines, and the selected one in detail
with its fix.
"""

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType

from patchpilot.model.built_commit import summarize_builds
from patchpilot.tui.screens.checks_rows import (
    Shown,
    arrange_findings,
    detail_of,
    no_findings_keys,
    note_of,
    row_of,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.empty import empty_text
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Option, Reader, ask_which
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.services.fix_finding import FindingChanges


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


CERTAIN = ("safe", "tags")
"""The remedies that `A` applies."""
LABELS = {"sign-off": "sign off", "tags": "add tag"}
"""Maps a remedy to the label of `a`."""


class ChecksScreen(StageScreen["CheckResult"]):
    """The screen with the findings, the patch and the details, which share a cursor."""

    stage = Stage.CHECKS
    LIST = "#findings"
    BINDINGS = BINDINGS
    jump_label = "next"

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._every: tuple[Shown, ...] = ()
        self._found: list[Shown] = []
        self._at = self._told = -1
        self._is_ahead = False
        self._fixes: dict[tuple[str, str, int | None], FindingChanges] = {}
        self._lists_waived = False
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
            yield TextPanel(
                "Detail", id="detail-panel", classes="detail", focusable=True
            )

    @property
    def _patch(self) -> DiffView:
        return self.query_one("#patch", DiffView)

    @property
    def _detail(self) -> TextPanel:
        return self.query_one("#detail-panel", TextPanel)

    def show(self, result: "CheckResult") -> None:
        """Show the findings below their lines.

        Keep the selected finding, or select the one at its position.
        """
        view = self._patch
        first = not view.rows
        self._mark = self.session.mark
        rows, self._every = arrange_findings(result, self._mark)
        # stop listing waived findings when there are none left
        self._lists_waived &= any(shown.suppressed for shown in self._every)
        self._found = [
            shown
            for shown in self._every
            if bool(shown.suppressed) is self._lists_waived
        ]
        if self._at < 0 and self._found:
            # start with findings that usually lead to a new version
            ranks = [shown.finding.rank for shown in self._found]
            self._at = ranks.index(min(ranks))
        self._at = min(self._at, len(self._found) - 1)
        self._fixes = {}
        view.fill(rows, notes=[note_of(shown) for shown in self._found])
        self.fill()
        if first:
            (self.query_one("#findings") if self._found else view).focus()
        view.choose(self._at)
        if not self._found:
            view.go(0)
        self._tell_count()
        self._tell_finding()
        self.keys_changed()

    def place(self) -> None:
        super().place()
        if self._shown is not None and self.session.mark != self._mark:
            self.show(self._shown)

    def rows(self) -> list[Row]:
        listed = self.listed
        room = listed.scrollable_content_region
        # leave room for a scrollbar
        wide = max(20, (room.width or 30) - (not listed.show_vertical_scrollbar))
        texts = [row_of(shown, wide, is_cut=False) for shown in self._found]
        if sum(text.plain.count("\n") + 1 for text in texts) > room.height:
            texts = [row_of(shown, wide) for shown in self._found]
        rows = [
            Row(text, shown, at)
            for at, (text, shown) in enumerate(zip(texts, self._found, strict=True))
        ]
        return rows or [Row(self._empty(wide, room.height))]

    def _empty(self, columns: int, lines: int) -> Text:
        from patchpilot.checking.check_result import list_unchecked

        result = self._shown
        if result is None:
            return Text()
        left = (
            f"not checked: {'; '.join(list_unchecked(result, 'press o')) or 'nothing'}"
        )
        return empty_text(
            f"{glyph('done')} no findings",
            left,
            no_findings_keys(result, is_strict=self.session.strict),
            columns,
            lines,
        )

    def fill(self, key: Hashable = None) -> None:
        self.listed.fill(self.rows(), self._at)
        status = self.session.status(self.stage)
        # show counts by severity, like the stage bar
        counts = status.note if status.count else "Findings"
        self.list_panel.heading = "Findings: waived" if self._lists_waived else counts

    @property
    def _now(self) -> Shown | None:
        return self._found[self._at] if 0 <= self._at < len(self._found) else None

    def moved(self, listed: RowList) -> None:
        at = listed.row.key if listed.row else self._at
        if at != self._at:
            self._at, self._is_ahead = at, True
            self._tell_count()
            self.call_at_rest(self.detail)

    def detail(self) -> None:
        self._is_ahead = False
        self._patch.choose(self._at)

    def on_diff_view_moved(self, event: DiffView.Moved) -> None:
        view = self._patch
        part, panel = view.file_at(event.line), self.query_one("#patch-panel", Panel)
        panel.heading = part.name if part else "Commit message"
        panel.count = "+{} -{}".format(*view.parts.counts(part)) if part else ""
        if self._is_ahead:
            return
        if view.note >= 0:
            self._at = view.note
            self.listed.select(self._at)
            self._tell_count()
        if self._told != self._at:
            self.call_at_rest(self._tell_finding)

    def _tell_count(self) -> None:
        result, parts = self._shown, []
        if self._found:
            parts.append(f"{self._at + 1}/{len(self._found)}")
        if self.session.strict:
            parts.append("all rules")
        elif self._found and result and result.left_out:
            parts.append(f"o shows {result.left_out} minor")
        if result and result.commits:
            parts.append(summarize_builds(result.commits))
        self.list_panel.count = f" {glyph('dot')} ".join(parts)

    def _tell_finding(self) -> None:
        now, panel = self._now, self._detail
        self._told = self._at
        if now is None:
            panel.heading, panel.count = "Detail", ""
            panel.text.update("")
            return
        panel.heading, panel.count = now.finding.name, str(now.finding.severity)
        panel.text.update(detail_of(now, self._fix))
        panel.reader.scroll_home(animate=False)
        if self._fix is None and now.remedy != "edit":
            from patchpilot.tui.screens.fix_dialog import find_fix

            find_fix(self, now, partial(self._show_fix, now))

    @property
    def shown_keys(self) -> ShownKeys:
        is_shown = not self.has_card or self.has_class("-detail")
        hidden = ("detail", "select") if is_shown else ()
        label = LABELS.get(self._now.remedy, "review fix") if self._now else ""
        labels = {"fix_one": label, "fix_safe": "review all fixes"}
        return ShownKeys(("a",), hidden=frozenset(hidden), labels=labels)

    @property
    def _fix(self) -> "FindingChanges | None":
        return self._fixes.get(self._now.key) if self._now else None

    def _show_fix(self, row: Shown, fixed: "FindingChanges") -> None:
        self._fixes[row.key] = fixed
        if self._now is row:
            self._tell_finding()

    @property
    def _can_fix(self) -> bool:
        return any(shown.remedy in CERTAIN for shown in self._every)

    def _commits_with(self, remedy: str) -> list[str]:
        return list(
            dict.fromkeys(
                shown.commit for shown in self._every if shown.remedy == remedy
            )
        )

    @property
    def can_jump(self) -> bool:
        return bool(self._found)

    def action_jump(self, by: int) -> None:
        self._is_ahead = False
        self._patch.stop(by)

    def open_selected(self, listed: RowList) -> None:
        self.action_detail()

    def action_detail(self) -> None:
        self.open_detail()
        self._detail.reader.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel" and self.focused is self._detail.reader:
            return True
        now, fixed = self._now, self._fix
        if action in ("fix_one", "waive", "detail") and now is None:
            return False
        if action == "fix_safe":
            return self._can_fix
        if action == "fix_one" and now:
            return now.remedy != "edit" and not (fixed and fixed.reason)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        if self.focused is self._detail.reader:
            self.query_one("#findings" if self._found else "#patch").focus()
            self.remove_class("-detail")
            self.keys_changed()
            return
        super().action_cancel()

    def action_only(self) -> None:
        result = self._shown
        if result is None:
            return

        def switch_waived() -> None:
            self._lists_waived = not self._lists_waived
            self.show(result)

        is_built, strict = bool(self.session.builds), self.session.strict
        options = [
            Option(
                "Stop building" if is_built else "Build the commits",
                "compiles the files that each commit changes, before and after it",
                self._build,
            ),
            Option(
                "Usual rules" if strict else "Findings of all rules",
                "hides what only all rules report"
                if strict
                else "includes the findings hidden by default",
                self._switch_strict,
            ),
            Option(
                "Let reviewers read the patches",
                "shows the comments that the patch or the tree proves",
                self._review,
            ),
            Option(
                "Findings that are not waived"
                if self._lists_waived
                else "Waived findings",
                f"{len(result.suppressed)} waived",
                switch_waived,
            ),
        ]
        ask_which(self.app, "What do you want to see?", options, "Options")

    def action_fix_one(self) -> None:
        from patchpilot.tui.screens.fix_dialog import fix_one

        now = self._now
        if self.current is None or now is None:
            return
        if now.remedy == "sign-off":
            fix_one(self, now, self._commits_with("sign-off"))
        else:
            fix_one(self, now, [now.commit], self._fix)

    def action_fix_safe(self) -> None:
        from patchpilot.tui.screens.fix_dialog import fix_safe

        if self.current is not None:
            fix_safe(self, self._commits_with("tags"))

    def action_waive(self) -> None:
        from patchpilot.tui.actions.waive import take_back, waive

        result, now = self._shown, self._now
        if now is None or result is None:
            return
        if now.suppressed:
            take_back(self, now.suppressed)
        else:
            count = sum(other.name == now.finding.name for other in result.all)
            waive(self, now.finding, count)

    def _build(self) -> None:
        session = self.session
        wanted = session.topic.key if session.topic else ""
        session.builds = "" if session.builds == wanted else wanted
        if not session.builds:
            self.notify("without a build")
        self.begin_after()

    def _review(self) -> None:
        from patchpilot.services.review.review_patches import ReviewInput, run_reviews
        from patchpilot.services.review.review_text import format_reviews

        result = self.current
        if result is None:
            return
        topic = self.session.checked_topic
        targets = (topic.target,) if topic.target else ()

        def work(repository: Any, progress: Any) -> str:
            given = ReviewInput(result, repository, targets, topic.base)
            return format_reviews(run_reviews(given, progress), show_all=True)

        def handle_next(text: str) -> None:
            self.app.push_screen(Reader("Machine review", text.split("\n")))

        self.in_thread("reviewing", work, handle_next)

    def _switch_strict(self) -> None:
        self.session.strict = not self.session.strict
        self.notify(
            "the findings of all rules are shown; press o to show the usual ones"
            if self.session.strict
            else "the findings of the usual rules are shown",
        )
        self.begin_after()

    def action_edit(self) -> None:
        from patchpilot.tui.actions.editing import amend, open_file

        now = self._now
        if now and now.finding.path and now.finding.line:
            open_file(self, now.finding.path, now.finding.line)
        else:
            amend(self)
