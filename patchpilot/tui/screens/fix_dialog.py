# SPDX-License-Identifier: GPL-2.0-or-later
"""The safe fixes, shown as a diff before they are applied to the commits."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from patchpilot.errors import RefusedError
from patchpilot.model.counted import counted
from patchpilot.model.printable import one_line
from patchpilot.tui.confirm_rewrite import confirm_rewrite
from patchpilot.tui.rich_text import STRONG, diff_line, plain, wrapped
from patchpilot.tui.widgets.patch_pager import Pager

if TYPE_CHECKING:
    from patchpilot.model.progress import Progress
    from patchpilot.services.check.apply_fixes import FixResult
    from patchpilot.services.topic.open_repository import Repository
    from patchpilot.tui.screens.stage_screen import StageScreen

NO_SAFE_FIX = "no safe fix for these findings; press e to edit"
STAYS = "Findings left to fix manually:"


class FixDialog(ModalScreen[bool]):
    """Shows the changes; True when the user applies them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "no", "cancel", key_display="Esc"),
        Binding("enter,y", "write", "apply", key_display="Enter"),
    ]

    def __init__(self, result: "FixResult") -> None:
        super().__init__()
        self._result = result

    def compose(self) -> ComposeResult:
        """The summary, the diff with the remaining findings below it, the keys."""
        result = self._result
        commits = sum(bool(patch.texts) for patch in result.patches)
        left = len(result.remaining.all)
        title = f"Apply {counted(result.fixed, 'fix', 'fixes')} to {counted(commits, 'commit')}; {counted(left, 'finding')} left"
        with Vertical(classes="reader"):
            yield Static(plain(title, STRONG), markup=False)
            yield Pager(ident="text", styler=_styled)
            yield Static(plain("Enter apply · ] [ next and previous part · Esc cancel", "dim"), markup=False)

    def on_mount(self) -> None:
        """Fill it."""
        rows = rows_of(self._result, max(20, self.size.width - 5))
        pager = self.query_one(Pager)
        pager.fill(rows, stops=[at for at, row in enumerate(rows) if row.startswith(("commit ", "@@ ")) or row == STAYS])
        pager.focus()

    def action_write(self) -> None:
        """Apply what is shown."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(False)


def rows_of(result: "FixResult", wide: int) -> list[str]:
    """The diff, then the remaining findings and why they remain."""
    rows = list(result.diff)
    stays = [f"{finding.severity}: {finding.message} [{finding.name}]" for finding in result.remaining.all]
    stays += [f"{patch.patch.source}: {patch.refused}" for patch in result.patches if patch.refused]
    if stays:
        rows += ["", STAYS, *(part for stay in stays for part in wrapped(one_line(stay), wide, "  "))]
    return rows


def _styled(row: str) -> Text:
    return plain(row, STRONG) if row.startswith("commit ") or row == STAYS else diff_line(row)


def fix_safe(screen: "StageScreen") -> None:
    """Find the safe fixes for the topic's commits, show them, apply them, and run the checks again."""
    from patchpilot.services.check.fix_topic import fix_topic

    session = screen.session
    topic = session.topic
    if topic is None:
        return

    def work(repository: "Repository", progress: "Progress", given: tuple[str, ...] | None) -> "FixResult":
        if session.topic_now(repository).key != topic.key:
            raise RefusedError("the commits changed meanwhile", hint="press g to refresh, then m")
        settings = session.settings(repository)
        return fix_topic(repository, settings, session.checked_topic, strict=session.strict, overrides=given, progress=progress)

    def show(result: "FixResult") -> None:
        if not result.fixed:
            refused = next((patch.refused for patch in result.patches if patch.refused), "")
            screen.notify(f"nothing was fixed: {refused}" if refused else NO_SAFE_FIX, markup=False)
            return
        screen.app.push_screen(FixDialog(result), answered)

    def answered(yes: bool | None) -> None:
        if yes:
            confirm_rewrite(screen, "applying the fixes", work, written)

    def written(result: "FixResult") -> None:
        message = "; ".join((f"fixed {names_of(result)}; u undoes it", *result.costs))
        screen.notify(message, markup=False, timeout=8)
        screen.reread()

    screen.in_thread("finding safe fixes", lambda repository, progress: work(repository, progress, None), show)


def names_of(result: "FixResult") -> str:
    """The rules of the fixed findings, with counts."""
    counts: dict[str, int] = {}
    for patch in result.patches:
        for finding in patch.fixed:
            counts[finding.name] = counts.get(finding.name, 0) + 1
    names = [f"{name} ({count})" if count > 1 else name for name, count in counts.items()]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
