# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogs that show fixes as a diff before they are applied to the commits.

They cover the fix of one finding, or all safe fixes.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from patchpilot.errors import RefusedError
from patchpilot.model.counted import counted
from patchpilot.model.printable import one_line
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.finding_text import Shown
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import STRONG, plain, wrapped
from patchpilot.tui.widgets.dialog import Modal
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.model.progress import Progress
    from patchpilot.services.check.apply_fixes import FixResult
    from patchpilot.services.fix_certain import CertainFixed
    from patchpilot.services.fix_finding import FindingFixed, Remedy
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import StageScreen

Fix = Callable[["Repository", "Progress", tuple[str, ...] | None], "FindingFixed"]
"""Work in a thread: with None it finds out what would change, with overrides it writes that."""
WIDE = 90
"""Columns of the dialog."""
NO_SAFE_FIX = "no automatic fix for these findings; press e to edit the line"
STAYS = "Findings left to fix manually:"
MOVED = "the commits have changed in the meantime"
AGAIN = "press g to refresh, then try again"


class FixDialog(Modal[bool]):
    """A dialog that shows a diff and returns True if the user applies it.

    `text` is an introduction above the diff.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "no", "cancel", key_display="Esc"),
    ]

    def __init__(
        self, title: str, rows: Sequence[str], *, text: str = "", verb: str = "apply"
    ) -> None:
        super().__init__()
        self._title, self._rows, self._text, self._verb = title, rows, text, verb
        # the key line says the same as the last line of the dialog
        self._bindings.key_to_bindings["enter"] = [
            Binding("enter", "write", verb, key_display="Enter")
        ]

    def compose(self) -> ComposeResult:
        """The title, the diff, the keys."""
        with Vertical(classes="dialog", id="fix"):
            yield Static(plain(self._title, STRONG), markup=False)
            if self._text:
                yield Static(plain(f"\n{self._text}\n"), markup=False)
            yield DiffView(ident="text")
            yield PlainText("below")
            yield Static(
                plain(
                    f"Enter {self._verb} · j/k and PgDn scroll · [ ] previous and next part · Esc"
                    " cancel",
                    "dim",
                ),
                markup=False,
            )

    def on_mount(self) -> None:
        """Fill it."""
        view = self.query_one(DiffView)
        view.fill(self._rows)
        text = (
            len(wrapped(self._text, min(self.size.width, WIDE) - 4)) + 2
            if self._text
            else 0
        )
        # title, keys and borders keep their lines, and what says that there is more below
        room, high = self.size.height * 95 // 100 - 4 - text, view.virtual_size.height
        self.query_one("#below").display = high > room
        view.styles.height = max(3, min(high, room - (high > room)))
        view.focus()
        self.watch(view, "scroll_y", self._say_below)
        self.call_after_refresh(self._say_below)

    def _say_below(self) -> None:
        """How much of the text is below the last line that is shown."""
        view = self.query_one(DiffView)
        left = round(view.virtual_size.height - view.scroll_y - view.size.height)
        self.query_one("#below", Static).update(
            plain(
                f"{glyph('point-down')} {counted(left, 'more line')} below"
                if left > 0
                else "",
                STRONG,
            )
        )

    def action_write(self) -> None:
        """Apply what is shown."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(False)


def rows_of(result: "CertainFixed", wide: int) -> list[str]:
    """Return the diffs of tags and fixes, wrapped to so many columns.

    The findings that remain follow, each with the reason.
    """
    rows = [*result.tags.diff, *result.fixes.diff]
    if result.left:
        rows += [
            "",
            STAYS,
            *(
                part
                for stay in result.left
                for part in wrapped(one_line(stay), wide, "  ")
            ),
        ]
    return rows


def find_fix(
    screen: "StageScreen",
    shown: Shown,
    remedy: "Remedy",
    then: "Callable[[Shown, FindingFixed], None]",
) -> None:
    """Compute in a thread what the fix of a finding changes, and pass it to `then`."""
    work = _fix_of(screen, shown, remedy, (shown.commit,))
    screen.in_thread(
        "finding the fix",
        lambda repository, progress: work(repository, progress, None),
        lambda fixed: then(shown, fixed),
    )


def fix_one(
    screen: "StageScreen",
    shown: Shown,
    remedy: "Remedy",
    commits: Sequence[str],
    known: "FindingFixed | None",
) -> None:
    """Show the fix of a finding, apply it after confirmation, and run the checks again.

    `commits` are the commits that lack the same tag or sign-off; `known` is the fix if it has
    already been computed.
    """
    from patchpilot.services.fix_finding import Remedy
    from patchpilot.services.repair import DCO, DCO_URL

    name = shown.finding.name
    if remedy is Remedy.EDIT or not shown.commit:
        screen.notify(
            f"no automatic fix for {name}; press e to edit the line", markup=False
        )
        return
    is_sign_off = remedy is Remedy.SIGN_OFF
    where = counted(len(commits), "commit")
    done = f"added Signed-off-by: to {where}" if is_sign_off else f"fixed {name}"
    title = (
        f"Add your Signed-off-by: line to {where}?"
        if is_sign_off
        else f"Apply the fix of {name}?"
    )
    _show(
        screen,
        title,
        done,
        _fix_of(screen, shown, remedy, commits),
        known,
        text=f"{DCO}\n{DCO_URL}" if is_sign_off else "",
    )


def _fix_of(
    screen: "StageScreen", shown: Shown, remedy: "Remedy", commits: Sequence[str]
) -> Fix:
    from patchpilot.services.fix_finding import Remedy, fix_finding, fix_messages

    session = screen.session

    def work(
        repository: "Repository", progress: "Progress", given: tuple[str, ...] | None
    ) -> "FindingFixed":
        _unmoved(screen, repository, commits)
        settings = session.settings(repository)
        if remedy is Remedy.SAFE:
            return fix_finding(
                repository,
                settings,
                shown.commit,
                shown.finding,
                strict=session.strict,
                overrides=given,
                progress=progress,
            )
        return fix_messages(
            repository, settings, commits, remedy, overrides=given, progress=progress
        )

    return work


def _unmoved(
    screen: "StageScreen", repository: "Repository", commits: Sequence[str]
) -> None:
    """RefusedError where one of the commits is no longer in the topic."""
    now = {commit.id for commit in screen.session.topic_now(repository).commits}
    if not now.issuperset(commits):
        raise RefusedError(MOVED, hint=AGAIN)


def _show(
    screen: "StageScreen",
    title: str,
    done: str,
    work: Fix,
    known: "FindingFixed | None",
    *,
    text: str = "",
) -> None:
    """Show what a fix changes, and write it when the user says so."""

    def found(fixed: "FindingFixed") -> None:
        if fixed.reason:
            screen.notify(
                f"nothing was changed: {fixed.reason}",
                severity="warning",
                markup=False,
                timeout=8,
            )
        else:
            dialog = FixDialog(
                title, fixed.diff, text=text, verb="sign off" if text else "apply"
            )
            screen.app.push_screen(dialog, answered)

    def answered(yes: bool | None) -> None:
        if yes:
            confirm_rewrite(screen, "applying the fix", work, written)

    def written(fixed: "FindingFixed") -> None:
        screen.notify(
            "; ".join((f"{done}; press u to undo", *fixed.costs)),
            markup=False,
            timeout=8,
        )
        screen.reread()

    if known is not None:
        found(known)
    else:
        # a name of its own: the detail of the finding may be found out at the same time
        screen.in_thread(
            "looking for the files to change",
            lambda repository, progress: work(repository, progress, None),
            found,
        )


def fix_safe(screen: "StageScreen", tagless: Sequence[str]) -> None:
    """Show the safe fixes for the topic's commits and apply them after confirmation.

    This includes the tags that are certain for the commits in `tagless`. The checks run again
    afterwards.
    """
    from patchpilot.services.fix_certain import fix_certain

    session = screen.session
    topic = session.topic
    if topic is None:
        return

    def work(
        repository: "Repository", progress: "Progress", given: tuple[str, ...] | None
    ) -> "CertainFixed":
        if session.topic_now(repository).key != topic.key:
            raise RefusedError(MOVED, hint=AGAIN)
        settings = session.settings(repository)
        return fix_certain(
            repository,
            settings,
            session.checked_topic,
            tagless,
            strict=session.strict,
            overrides=given,
            progress=progress,
        )

    def show(result: "CertainFixed") -> None:
        words = what_is_fixed(result)
        if not words:
            refused = next(
                (patch.refused for patch in result.fixes.patches if patch.refused),
                result.tags.reason,
            )
            screen.notify(
                f"nothing was fixed: {refused}" if refused else NO_SAFE_FIX,
                markup=False,
            )
            return
        title = f"{words}? {counted(len(result.left), 'finding')} left"
        screen.app.push_screen(
            FixDialog(title, rows_of(result, min(screen.size.width, WIDE) - 8)),
            answered,
        )

    def answered(yes: bool | None) -> None:
        if yes:
            confirm_rewrite(screen, "applying the fixes", work, written)

    def written(result: "CertainFixed") -> None:
        done = [f"fixed {names_of(result.fixes)}"] if result.fixes.fixed else []
        done += ["added the tags"] if result.tags.diff else []
        costs = dict.fromkeys((*result.fixes.costs, *result.tags.costs))
        screen.notify(
            "; ".join((f"{' and '.join(done)}; press u to undo", *costs)),
            markup=False,
            timeout=8,
        )
        screen.reread()

    screen.in_thread(
        "finding safe fixes",
        lambda repository, progress: work(repository, progress, None),
        show,
    )


def what_is_fixed(result: "CertainFixed") -> str:
    """Return the dialog's question without the question mark, or "" if there is nothing to fix.

    It has the number of fixes to apply and of tags to add.
    """
    tags = sum(
        line.startswith("+") and not line.startswith("+++") and line != "+"
        for line in result.tags.diff
    )
    fixes = (
        f"apply {counted(result.fixes.fixed, 'fix', 'fixes')}"
        if result.fixes.fixed
        else ""
    )
    parts = [fixes, f"add {counted(tags, 'tag')}" if tags else ""]
    words = " and ".join(part for part in parts if part)
    commits = max(
        sum(bool(patch.texts) for patch in result.fixes.patches),
        sum(line.startswith("+++ ") for line in result.tags.diff),
    )
    return f"{words} to {counted(commits, 'commit')}".capitalize() if words else ""


def names_of(result: "FixResult") -> str:
    """Return the rules of the fixed findings, with counts."""
    counts: dict[str, int] = {}
    for patch in result.patches:
        for finding in patch.fixed:
            counts[finding.name] = counts.get(finding.name, 0) + 1
    names = [
        f"{name} ({count})" if count > 1 else name for name, count in counts.items()
    ]
    return ", ".join(names[:4]) + (
        f" and {len(names) - 4} more" if len(names) > 4 else ""
    )
