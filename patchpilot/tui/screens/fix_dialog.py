# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide dialogs that show the fix for one finding, or all safe fixes, as a diff before the
commits are changed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from patchpilot.errors import RefusedError
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.checks_rows import Shown
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.widgets.choose import Choose, ask_yes
from patchpilot.tui.widgets.dialog import WIDE

if TYPE_CHECKING:
    from patchpilot.model.progress import Progress
    from patchpilot.services.fix_certain import CertainFixes
    from patchpilot.services.fix_finding import FindingChanges
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen

T = TypeVar("T")
Fix = Callable[..., "FindingChanges"]
"""Runs in a thread to determine what would change or, given overrides, to write it."""
NO_SAFE_FIX = "no automatic fix for these findings; press e to edit the line"
STAYS = "Findings left to fix manually:"
MOVED = "the commits have changed in the meantime"
AGAIN = "press g to refresh, then try again"


def _propose(
    screen: "AnyScreen",
    title: str,
    rows: Sequence[str],
    work: "Callable[[Repository, Progress, tuple[str, ...]], T]",
    done: "Callable[[T], Iterable[str]]",
    *,
    verb: str = "Apply",
) -> None:
    """Show a diff, and call `work` to write it if the user agrees.

    `done` describes the result.
    """

    def handle_written(result: "T") -> None:
        first, *costs = done(result)
        screen.notify("; ".join((f"{first}; press u to undo", *costs)))
        screen.reread()

    answers = (("yes", verb), ("no", "Cancel"))
    ask_yes(
        screen.app,
        Choose(title, answers, "Fix", diff=rows),
        lambda: confirm_rewrite(screen, "applying the fix", work, handle_written),
    )


def rows_of(result: "CertainFixes", wide: int) -> list[str]:
    """Return the diffs for tags and fixes, wrapped to a number of columns, followed by the
    remaining findings with reasons.
    """
    rows = [*result.tags.diff, *result.fixes.diff]
    if result.left:
        rows += [
            "",
            STAYS,
            *(
                f"  {part}"
                for stay in result.left
                for part in wrap_text(make_one_line(stay), wide - 2)
            ),
        ]
    return rows


def find_fix(
    screen: "AnyScreen", row: Shown, then: "Callable[[FindingChanges], None]"
) -> None:
    screen.in_thread("finding the fix", _compute_fix(screen, row, (row.commit,)), then)


def fix_one(
    screen: "AnyScreen",
    row: Shown,
    commits: Sequence[str],
    known: "FindingChanges | None" = None,
) -> None:
    """Show a finding's fix, apply it after confirmation, and run the checks again.

    `commits` are the commits that lack the same sign-off; `known` is the fix if it has already
    been computed.
    """
    from patchpilot.services.fix_finding import DCO_SUMMARY, DCO_URL

    name = row.finding.name
    where, verb = format_count(len(commits), "commit"), "Apply"
    done, title = f"fixed {name}", f"Apply the fix of {name}?"
    if row.remedy == "sign-off":
        done, verb = f"added Signed-off-by: to {where}", "Sign off"
        title = f"Add your Signed-off-by: line to {where}?\n\n{DCO_SUMMARY}\n{DCO_URL}"
    work = _compute_fix(screen, row, commits)

    def handle_found(fixed: "FindingChanges") -> None:
        if fixed.reason:
            screen.notify(f"nothing was changed: {fixed.reason}", severity="warning")
        else:
            _propose(
                screen,
                title,
                fixed.diff,
                work,
                lambda result: (done, *result.costs),
                verb=verb,
            )

    if known is not None:
        handle_found(known)
    else:
        # use a separate name, because the finding's details may be computed at the same time
        screen.in_thread(
            "looking for the files to change",
            work,
            handle_found,
        )


def _compute_fix(screen: "AnyScreen", row: Shown, commits: Sequence[str]) -> Fix:
    from patchpilot.services.fix_finding import Remedy, fix_finding, fix_messages

    session = screen.session

    def work(
        repository: "Repository",
        progress: "Progress",
        given: tuple[str, ...] | None = None,
    ) -> "FindingChanges":
        now = {commit.id for commit in session.read_topic_now(repository).commits}
        if not now.issuperset(commits):
            raise RefusedError(MOVED, hint=AGAIN)
        settings = session.settings(repository)
        if row.remedy != "safe":
            remedy = Remedy(row.remedy)
            return fix_messages(
                repository,
                settings,
                commits,
                remedy,
                overrides=given,
                progress=progress,
            )
        return fix_finding(
            repository,
            settings,
            row.commit,
            row.finding,
            strict=session.strict,
            overrides=given,
            progress=progress,
        )

    return work


def fix_safe(screen: "AnyScreen", tagless: Sequence[str]) -> None:
    """Show the safe fixes for the topic's commits, apply them after confirmation, and run the
    checks again.

    This includes tags that are certain for the commits in `tagless`.
    """
    from patchpilot.services.fix_certain import apply_certain_fixes

    session = screen.session
    topic = session.topic
    if topic is None:
        return

    def work(
        repository: "Repository",
        progress: "Progress",
        given: tuple[str, ...] | None = None,
    ) -> "CertainFixes":
        if session.read_topic_now(repository).key != topic.key:
            raise RefusedError(MOVED, hint=AGAIN)
        settings = session.settings(repository)
        return apply_certain_fixes(
            repository,
            settings,
            session.checked_topic,
            tagless,
            strict=session.strict,
            overrides=given,
            progress=progress,
        )

    def show(result: "CertainFixes") -> None:
        words = what_is_fixed(result)
        if not words:
            refused = next(
                (patch.refused for patch in result.fixes.patches if patch.refused),
                result.tags.reason,
            )
            screen.notify(
                f"nothing was fixed: {refused}" if refused else NO_SAFE_FIX,
            )
            return
        title = f"{words}? {format_count(len(result.left), 'finding')} left"
        rows = rows_of(result, min(screen.size.width, WIDE) - 8)
        _propose(screen, title, rows, work, handle_done)

    def handle_done(result: "CertainFixes") -> tuple[str, ...]:
        fixed = format_count(result.fixes.fixed, "finding")
        words = [f"fixed {fixed}"] if result.fixes.fixed else []
        words += ["added the tags"] if result.tags.diff else []
        costs = dict.fromkeys((*result.fixes.costs, *result.tags.costs))
        return " and ".join(words), *costs

    screen.in_thread(
        "finding safe fixes",
        work,
        show,
    )


def what_is_fixed(result: "CertainFixes") -> str:
    """Return the dialog's question without its question mark, or "" if there is nothing to fix.

    It states how many fixes to apply and tags to add.
    """
    tags = sum(
        line.startswith("+") and not line.startswith("+++") and line != "+"
        for line in result.tags.diff
    )
    fixes = (
        f"apply {format_count(result.fixes.fixed, 'fix', 'fixes')}"
        if result.fixes.fixed
        else ""
    )
    parts = [fixes, f"add {format_count(tags, 'tag')}" if tags else ""]
    words = " and ".join(part for part in parts if part)
    commits = max(
        sum(bool(patch.texts) for patch in result.fixes.patches),
        sum(line.startswith("+++ ") for line in result.tags.diff),
    )
    return f"{words} to {format_count(commits, 'commit')}".capitalize() if words else ""
