# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the checks stage.

It shows the findings as a list and in the patch below their lines, and the selected one in detail
with its fix.
"""

from collections.abc import Hashable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import getters
from textual.app import ComposeResult

from patchpilot.model.built_commit import summarize_builds
from patchpilot.model.rule import Severity
from patchpilot.tui.screens.checks_rows import (
    arrange_findings,
    finding_detail,
    finding_note,
    finding_row,
    no_findings_keys,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.empty import format_placeholder
from patchpilot.tui.view.glyphs import glyph, join_with_dots
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import DialogOption, Reader, ask_for_option
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel

if TYPE_CHECKING:
    from patchpilot.checking.fix_certain import CertainFixes
    from patchpilot.checking.fix_finding import Changes
    from patchpilot.checking.result import CheckResult, FindingRow
    from patchpilot.tui.screens.fix_dialog import CertainJob


CERTAIN = ("safe", "tags")
"""The remedies that `A` applies."""
LABELS = {"sign-off": "sign off", "tags": "add tag"}
"""Maps a remedy to the label of `a`."""


class ChecksScreen(StageScreen["CheckResult"]):
    """The screen with the findings, the patch and the details, which share a cursor."""

    stage = Stage.CHECKS
    LIST = "#findings"
    BINDINGS = bind_keys(
        key_binding(
            "a",
            "fix_one",
            "apply fix",
            "show the fix for the selected finding, and the same one in adjacent lines, as a diff;"
            " then apply it",
        ),
        key_binding(
            "A",
            "fix_safe",
            "apply all",
            "show all safe fixes as a diff, then apply them to your commits",
        ),
        key_binding(
            "e",
            "edit",
            "edit",
            "open the line of the finding, or the commit message, in your editor",
        ),
        key_binding(
            "i",
            "waive",
            "waive",
            "waive the finding in this topic, with a reason; or remove the waiver",
        ),
        key_binding("enter", "detail", "detail", "show the selected finding in detail"),
        key_binding(
            "o",
            "only",
            "options",
            "choose which findings are shown, build the commits, or run your review programs",
        ),
    )
    jump_label = "next"

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._every: tuple[FindingRow, ...] = ()
        self._shown_findings: dict[Hashable, FindingRow] = {}
        self._selected: Hashable = None
        self._announced: Hashable = None
        self._is_ahead = False
        self._fixes: dict[Hashable, Changes] = {}
        self._job: CertainJob
        self._certain_fixes: CertainFixes | None = None
        self._lists_waived = False
        self._mark = ""

    def compose_body(self) -> ComposeResult:
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
            yield TextPanel("Detail", id="detail-panel", classes="detail", focusable=True)

    _patch_view = getters.query_one("#patch", DiffView)

    _detail_panel = getters.query_one("#detail-panel", TextPanel)

    def show_result(self, result: "CheckResult") -> None:
        """Show the findings below their lines.

        Keep the selected finding, or select the one at its position.
        """
        view = self._patch_view
        is_first = not view.rows
        self._mark = self.session.subject_prefix
        rows, self._every = arrange_findings(result, self._mark)
        # stop listing waived findings when there are none left
        self._lists_waived &= any(row.finding.suppression for row in self._every)
        old_position = self._position
        shown = [row for row in self._every if bool(row.finding.suppression) is self._lists_waived]
        shown.sort(key=lambda row: row.finding.severity is not Severity.ERROR)
        self._shown_findings = {row.key: row for row in shown}
        keys = list(self._shown_findings)
        if self._selected not in self._shown_findings:
            self._selected = keys[max(0, min(old_position, len(keys) - 1))] if keys else None
        self._fixes, self._certain_fixes = {}, None
        if any(row.remedy in CERTAIN for row in self._every):
            from patchpilot.tui.screens.fix_dialog import find_in_background, make_certain_fix_job

            self._job = make_certain_fix_job(self, self._commits_with_remedy("tags"))
            find_in_background(self, "finding safe fixes", self._job, self._store_certain_fixes)
        view.set_rows(rows, notes=map(finding_note, self._shown_findings.values()))
        self.refill_list()
        if is_first:
            (self.query_one("#findings") if self._shown_findings else view).focus()
        view.select_note(self._selected)
        if not self._shown_findings:
            view.go_to_line(0)
        self._show_counts()
        self._show_finding()

    def update_titles(self) -> None:
        if self.has_all_widgets:
            status = self.session.stage_status(self.stage)
            # show counts by severity, like the stage bar
            counts = status.note if status.count else "Findings"
            self.list_panel.heading = "Findings: waived" if self._lists_waived else counts
        super().update_titles()
        if self._shown is not None and self.session.subject_prefix != self._mark:
            self.show_result(self._shown)

    def build_rows(self) -> list[Row]:
        row_list = self.row_list
        region = row_list.scrollable_content_region
        # leave room for a scrollbar
        columns = max(20, (region.width or 30) - (not row_list.show_vertical_scrollbar))

        is_numbered = self._shown is not None and len(self._shown.patches) > 1

        def make_rows(is_cut: bool) -> list[Row]:
            return [
                finding_row(row, columns, is_cut=is_cut, is_numbered=is_numbered)
                for row in self._shown_findings.values()
            ]

        is_cut = len(self._shown_findings) > region.height
        rows = make_rows(is_cut)
        if not is_cut and sum(len(row.text.split()) for row in rows) > region.height:
            rows = make_rows(is_cut=True)
        return rows or [Row(self._no_findings_text(columns, region.height))]

    def _no_findings_text(self, columns: int, lines: int) -> Text:
        from patchpilot.checking.result import list_unchecked

        result = self._shown
        if result is None:
            return Text()
        unchecked_text = f"not checked: {'; '.join(list_unchecked(result, 'press o')) or 'nothing'}"
        return format_placeholder(
            f"{glyph('done')} no findings",
            unchecked_text,
            no_findings_keys(result, is_strict=self.session.strict),
            columns,
            lines,
        )

    def refill_list(self, key: Hashable = None) -> None:
        self.row_list.set_rows(self.build_rows(), self._selected)

    @property
    def _selected_finding(self) -> "FindingRow | None":
        return self._shown_findings.get(self._selected)

    @property
    def _position(self) -> int:
        """Return the index of the selected finding, or -1."""
        keys = list(self._shown_findings)
        return keys.index(self._selected) if self._selected in self._shown_findings else -1

    def handle_cursor_move(self, row_list: RowList) -> None:
        key = row_list.selected_row.key if row_list.selected_row else self._selected
        if key != self._selected:
            self._selected, self._is_ahead = key, True
            self._show_counts()
            self.call_when_cursor_rests(self.show_selected_row)

    def show_selected_row(self) -> None:
        self._is_ahead = False
        self._patch_view.select_note(self._selected)

    def on_diff_view_moved(self, event: DiffView.Moved) -> None:
        view = self._patch_view
        file, panel = (
            view.file_at_line(event.line),
            self.query_one("#patch-panel", Panel),
        )
        panel.heading = file.name if file else "Commit message"
        panel.count = "+{} -{}".format(*view.parts.count_changes(file)) if file else ""
        if self._is_ahead:
            return
        if view.note:
            self._selected = view.note.key
            self.row_list.select_row(self._selected)
            self._show_counts()
        if self._announced != self._selected:
            self.call_when_cursor_rests(self._show_finding)

    def _show_counts(self) -> None:
        result, parts = self._shown, []
        if self._shown_findings:
            parts.append(f"{self._position + 1}/{len(self._shown_findings)}")
        if self.session.strict:
            parts.append("all rules")
        elif self._shown_findings and result and result.left_out:
            parts.append(f"o shows {result.left_out} minor")
        if result and result.commits:
            parts.append(summarize_builds(result.commits))
        self.list_panel.count = join_with_dots(*parts)
        # the label of a depends on the selected finding
        self.redraw_keys()

    def _show_finding(self) -> None:
        finding, panel = self._selected_finding, self._detail_panel
        self._announced = self._selected
        if finding is None:
            panel.heading, panel.count = "Detail", ""
            panel.text.update("")
            return
        panel.heading, panel.count = finding.finding.name, str(finding.finding.severity)
        panel.text.update(finding_detail(finding, self._selected_fix))
        panel.reader.scroll_home(animate=False)
        if self._selected_fix is None and finding.remedy != "edit":
            from patchpilot.tui.screens.fix_dialog import find_fix

            find_fix(self, finding, partial(self._store_fix, finding))

    @property
    def shown_keys(self) -> ShownKeys:
        is_shown = not self.has_detail_card or self.has_class("-detail")
        hidden = ("detail", "select") if is_shown else ()
        label = (
            LABELS.get(self._selected_finding.remedy, "review fix")
            if self._selected_finding
            else ""
        )
        labels = {"fix_one": label, "fix_safe": "review all fixes"}
        return ShownKeys(("a",), hidden=hidden, labels=labels)

    @property
    def _selected_fix(self) -> "Changes | None":
        return self._fixes.get(self._selected_finding.key) if self._selected_finding else None

    def _store_fix(self, finding: "FindingRow", fix: "Changes") -> None:
        self._fixes[finding.key] = fix
        if self._selected_finding is finding:
            self._show_finding()
            self.redraw_keys()

    @property
    def can_fix_safe(self) -> bool:
        """Return whether a finding has a safe fix or a certain tag.

        A finding has no safe fix if no fix is certain, or if its fix would cause another finding.
        """
        return self._certain_fixes is not None and self.current_result is not None

    def _store_certain_fixes(self, fixes: "CertainFixes") -> None:
        self._certain_fixes = fixes if fixes.diff else None

    def _commits_with_remedy(self, remedy: str) -> list[str]:
        return list(
            dict.fromkeys(row.commit for row in self._every if row.commit and row.remedy == remedy)
        )

    @property
    def _views_with_hunks(self) -> Iterator[DiffView]:
        return iter([self._patch_view] if self._shown_findings else [])

    def action_jump(self, direction: int) -> None:
        """Go to the next or previous finding in the order of the list."""
        self._is_ahead = False
        keys, position = list(self._shown_findings), self._position + direction
        if 0 <= position < len(keys):
            self._patch_view.select_note(keys[position])
        else:
            self.notify_end(direction)

    def open_selected_row(self, listed: RowList) -> None:
        self.action_detail()

    def action_detail(self) -> None:
        self.open_detail()
        self._detail_panel.reader.focus()

    @property
    def can_cancel(self) -> bool:
        return self.focused is self._detail_panel.reader or super().can_cancel

    @property
    def can_waive(self) -> bool:
        return self._selected_finding is not None

    can_detail = can_waive

    @property
    def can_fix_one(self) -> bool:
        finding, fix = self._selected_finding, self._selected_fix
        return bool(finding and finding.remedy != "edit" and not (fix and fix.reason))

    def action_cancel(self) -> None:
        if self.focused is self._detail_panel.reader:
            self.query_one("#findings" if self._shown_findings else "#patch").focus()
            self.remove_class("-detail")
            self.redraw_keys()
            return
        super().action_cancel()

    def action_only(self) -> None:
        result = self._shown
        if result is None:
            return

        def switch_waived() -> None:
            self._lists_waived = not self._lists_waived
            self.show_result(result)
            self.update_titles()

        is_built, strict = any(result.commits), self.session.strict
        options = [
            DialogOption(
                "Check without the build" if is_built else "Build the commits",
                "hides the findings of the build"
                if is_built
                else "compiles the files that each commit changes, before and after it",
                partial(self._switch_build, is_on=not is_built),
            ),
            DialogOption(
                "Usual rules" if strict else "Findings of all rules",
                "hides what only all rules report"
                if strict
                else "includes the findings hidden by default",
                self._switch_strict,
            ),
            DialogOption(
                "Run your review programs",
                "shows the comments that the patch or the tree proves",
                self._review_patches,
            ),
            DialogOption(
                "Findings that are not waived" if self._lists_waived else "Waived findings",
                f"{len(result.suppressed)} waived",
                switch_waived,
            ),
        ]
        ask_for_option(self, "What do you want to see?", options, "Options")

    def action_fix_one(self) -> None:
        from patchpilot.tui.screens.fix_dialog import fix_selected_finding

        finding = self._selected_finding
        if self.current_result is None or finding is None:
            return
        if finding.remedy == "sign-off":
            fix_selected_finding(self, finding, self._commits_with_remedy("sign-off"))
        else:
            commits = [finding.commit] if finding.commit else []
            fix_selected_finding(self, finding, commits, self._selected_fix)

    def action_fix_safe(self) -> None:
        from patchpilot.tui.screens.fix_dialog import apply_safe_fixes

        if self._certain_fixes:
            apply_safe_fixes(self, self._job, self._certain_fixes)

    def action_waive(self) -> None:
        from patchpilot.tui.actions.waive import remove_waiver, waive_finding

        result, selected = self._shown, self._selected_finding
        if selected is None or result is None:
            return
        if selected.finding.suppression:
            remove_waiver(self, selected.finding)
        else:
            count = sum(other.name == selected.finding.name for other in result.all)
            waive_finding(self, selected.finding, count)

    def _switch_build(self, *, is_on: bool) -> None:
        session = self.session
        session.builds = session.topic.key if session.topic and is_on else ""
        self.rerun_stage()

    def handle_declined_trust(self) -> None:
        """Show the findings without the build if the user does not trust the tree's code."""
        if self._is_stage_error and self.session.builds:
            self.close_error()
            self._switch_build(is_on=False)

    def _review_patches(self) -> None:
        from patchpilot.reviewers.review import ReviewInput, run_reviews
        from patchpilot.reviewers.text import format_reviews

        result = self.current_result
        if result is None:
            return
        topic = self.session.checked_topic
        targets = (topic.target,) if topic.target else ()

        def review_in_thread(repository: Any, progress: Any) -> str:
            review_input = ReviewInput(result, repository, targets, topic.base)
            return format_reviews(run_reviews(review_input, progress), show_all=True)

        def show_review(text: str) -> None:
            self.app.push_screen(Reader("Machine review", text.split("\n")))

        self.run_in_thread("reviewing", review_in_thread, show_review)

    def _switch_strict(self) -> None:
        self.session.strict = not self.session.strict
        self.notify(
            "the findings of all rules are shown; press o to show the usual ones"
            if self.session.strict
            else "the findings of the usual rules are shown",
        )
        self.rerun_stage()

    def action_edit(self) -> None:
        from patchpilot.tui.actions.editing import edit_commit_message, open_file

        selected = self._selected_finding
        if selected and selected.finding.path and selected.finding.line:
            open_file(self, selected.finding.path, selected.finding.line)
        else:
            edit_commit_message(self, selected.commit if selected else None)
