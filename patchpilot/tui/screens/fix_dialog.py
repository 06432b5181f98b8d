# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide dialogs that show the fix for one finding, or all safe fixes, as a diff before the
commits are changed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from patchpilot.checking.fix_certain import CertainFixes, apply_certain_fixes
from patchpilot.checking.fix_finding import (
    DCO_SUMMARY,
    DCO_URL,
    Changes,
    find_block,
    fix_finding,
    fix_messages,
)
from patchpilot.errors import RefusedError, UsageError
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, ask_for_confirmation
from patchpilot.tui.widgets.dialog import WIDE

if TYPE_CHECKING:
    from patchpilot.checking.result import FindingRow
    from patchpilot.commits.repository import Repository
    from patchpilot.model.progress import Progress
    from patchpilot.tui.stage.stage_screen import AnyScreen

T = TypeVar("T")
Fix = Callable[..., "Changes"]
"""Runs in a thread to determine what would change or, given overrides, to write it."""
CertainJob = Callable[..., CertainFixes]
STAYS = "Findings left to fix manually:"
MOVED = "the commits have changed in the meantime"
AGAIN = "press g to refresh, then try again"


def _propose_diff(
    screen: "AnyScreen",
    title: str,
    rows: Sequence[str],
    work: "Callable[[Repository, Progress, tuple[str, ...]], T]",
    describe_result: "Callable[[T], Iterable[str]]",
    *,
    verb: str = "Apply",
) -> None:
    """Show a diff and, if the user agrees, call `work` to write it.

    `describe_result` describes the result.
    """

    def report_result(result: "T") -> None:
        description, *costs = describe_result(result)
        screen.notify("; ".join((f"{description}; press u to undo", *costs)))
        screen.reread_topic()

    answers = (("yes", verb), ("no", "Cancel"))
    ask_for_confirmation(
        screen,
        Choose(title, answers, "Fix", diff=rows),
        lambda: confirm_rewrite(screen, "applying the fix", work, report_result),
    )


def certain_fix_rows(fixes: "CertainFixes", columns: int) -> list[str]:
    """Return the diff of the tags and fixes, followed by the remaining findings with reasons, which
    are wrapped to a number of columns.
    """
    rows = fixes.diff
    if fixes.left:
        rows += [
            "",
            STAYS,
            *(
                f"  {line}"
                for finding in fixes.left
                for line in wrap_text(make_one_line(finding), columns - 2)
            ),
        ]
    return rows


def find_fix(
    screen: "AnyScreen",
    row: "FindingRow",
    on_found: "Callable[[Changes], None]",
) -> None:
    """Find the fix for a finding in the background.

    If the commit has left the branch meanwhile, `on_found` is not called: the checks run again.
    """
    find_in_background(
        screen, "finding the fix", _make_fix_job(screen, row, (row.commit or "",)), on_found
    )


def find_in_background(
    screen: "AnyScreen",
    activity: str,
    work: "Callable[[Repository, Progress], T]",
    on_found: "Callable[[T], None]",
) -> None:
    """Run `work`, and call `on_found` with its result unless the commits changed meanwhile."""

    def find_or_skip(repository: "Repository", progress: "Progress") -> "T | None":
        try:
            return work(repository, progress)
        except (RefusedError, UsageError):
            return None

    def show_found(fix: "T | None") -> None:
        if fix is not None:
            on_found(fix)

    screen.run_in_thread(activity, find_or_skip, show_found)


def fix_selected_finding(
    screen: "AnyScreen",
    row: "FindingRow",
    commits: Sequence[str],
    known_fix: "Changes | None" = None,
) -> None:
    """Show the fix of a finding and its block, apply it after confirmation, and check again.

    `commits` are the commits that lack the same sign-off; `known_fix` is the fix if it has already
    been computed.
    """
    name = row.finding.name
    counted_commits, verb = format_count(len(commits), "commit"), "Apply"
    block = find_block(screen.shown_result.every_row, row)
    to_lines = f" to {len(block)} lines" if len(block) > 1 else ""
    success_message, title = f"fixed {name}", f"Apply the fix of {name}{to_lines}?"
    if row.remedy == "sign-off":
        success_message, verb = f"added Signed-off-by: to {counted_commits}", "Sign off"
        title = f"Add your Signed-off-by: line to {counted_commits}?\n\n{DCO_SUMMARY}\n{DCO_URL}"
    work = _make_fix_job(screen, row, commits)

    def propose_fix(fix: "Changes") -> None:
        if fix.reason:
            reason = replace_commands(fix.reason, Stage.CHECKS)
            screen.notify(f"nothing was changed: {reason}", severity="warning")
        else:
            _propose_diff(
                screen,
                title,
                # the dialog is about one commit, so do not name it
                [line for line in fix.diff if not line.startswith("commit ")],
                work,
                lambda result: (success_message, *result.costs),
                verb=verb,
            )

    if known_fix is not None:
        propose_fix(known_fix)
    else:
        # run this under another job name, so that it does not cancel the job that computes the
        # details
        screen.run_in_thread(
            "looking for the files to change",
            work,
            propose_fix,
        )


def _make_fix_job(screen: "AnyScreen", row: "FindingRow", commits: Sequence[str]) -> Fix:
    session = screen.session
    block = find_block(screen.shown_result.every_row, row)

    def compute_fix(
        repository: "Repository",
        progress: "Progress",
        overrides: tuple[str, ...] | None = None,
    ) -> "Changes":
        current_ids = {commit.id for commit in session.read_topic_now(repository).commits}
        if not current_ids.issuperset(commits):
            raise RefusedError(MOVED, hint=AGAIN)
        settings = session.read_settings(repository)
        if row.remedy != "safe":
            return fix_messages(
                repository,
                settings,
                commits,
                row.remedy,
                overrides=overrides,
                progress=progress,
            )
        return fix_finding(
            repository,
            settings,
            row.commit or "",
            block,
            strict=session.strict,
            overrides=overrides,
            progress=progress,
        )

    return compute_fix


def make_certain_fix_job(screen: "AnyScreen", tagless: Sequence[str]) -> CertainJob:
    """Return a job that finds or, given overrides, applies the safe fixes for the topic's commits.

    This includes tags that are certain for the commits in `tagless`.
    """
    session = screen.session
    topic_key = session.topic.key if session.topic else ""

    def compute_fixes(
        repository: "Repository",
        progress: "Progress",
        overrides: tuple[str, ...] | None = None,
    ) -> "CertainFixes":
        if session.read_topic_now(repository).key != topic_key:
            raise RefusedError(MOVED, hint=AGAIN)
        settings = session.read_settings(repository)
        return apply_certain_fixes(
            repository,
            settings,
            session.checked_topic,
            tagless,
            strict=session.strict,
            overrides=overrides,
            progress=progress,
        )

    return compute_fixes


def apply_safe_fixes(screen: "AnyScreen", work: "CertainJob", fixes: "CertainFixes") -> None:
    """Show the fixes that `work` found, apply them after confirmation, and run the checks again."""

    def describe_fixes(applied: "CertainFixes") -> tuple[str, ...]:
        fixed = format_count(applied.fixes.fixed, "finding")
        question = [f"fixed {fixed}"] if applied.fixes.fixed else []
        question += ["added the tags"] if applied.tags.diff else []
        costs = dict.fromkeys((*applied.fixes.costs, *applied.tags.costs))
        return " and ".join(question), *costs

    title = f"{format_fix_question(fixes)}? {format_count(len(fixes.left), 'finding')} left"
    rows = certain_fix_rows(fixes, min(screen.size.width, WIDE) - 8)
    _propose_diff(screen, title, rows, work, describe_fixes)


def format_fix_question(fixes: "CertainFixes") -> str:
    """Return the dialog's question without its question mark.

    The question states how many fixes to apply and how many tags to add.
    """
    tag_count = sum(
        line.startswith("+") and not line.startswith("+++") and line != "+"
        for line in fixes.tags.diff
    )
    fix_text = (
        f"apply {format_count(fixes.fixes.fixed, 'fix', 'fixes')}" if fixes.fixes.fixed else ""
    )
    parts = [fix_text, f"add {format_count(tag_count, 'tag')}" if tag_count else ""]
    action_text = " and ".join(part for part in parts if part)
    commits = max(
        sum(bool(patch.texts) for patch in fixes.fixes.patches),
        sum(line.startswith("+++ ") for line in fixes.tags.diff),
    )
    return f"{action_text} to {format_count(commits, 'commit')}".capitalize()
