# SPDX-License-Identifier: GPL-2.0-or-later
"""What is safe to fix, shown as a diff before anything is written, then written into the commits."""

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
from patchpilot.tui.confirm_rewrite import insist
from patchpilot.tui.rich_text import STRONG, diff_line, plain, wrapped
from patchpilot.tui.widgets.patch_pager import Pager

if TYPE_CHECKING:
    from patchpilot.model.progress import Progress
    from patchpilot.services.check.apply_fixes import FixResult
    from patchpilot.services.topic.open_repository import Repository
    from patchpilot.tui.screens.stage_screen import StageScreen

NOTHING = "nothing here is safe to mend without you: e opens the place in your editor"
STAYS = "What stays, for you to mend:"


class FixDialog(ModalScreen[bool]):
    """Shows what would be written; True when it is to be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "no", "no, go back", key_display="Esc"),
        Binding("enter,y", "write", "write", key_display="Enter"),
    ]

    def __init__(self, found: "FixResult") -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        """What it comes to, the diff and what stays below it, the keys."""
        result = self._found
        commits = sum(bool(patch.texts) for patch in result.patches)
        left = len(result.remaining.all)
        title = f"{counted(result.fixed, 'finding')} can be mended in {counted(commits, 'commit')}, {left or 'none'} {'stays' if left == 1 else 'stay'}"
        with Vertical(classes="reader"):
            yield Static(plain(title, STRONG), markup=False)
            yield Pager(ident="text", styler=_styled)
            yield Static(plain("Enter or y: write it   ] and [: next part   Escape: leave all as it is", "dim"), markup=False)

    def on_mount(self) -> None:
        """Fill it."""
        rows = rows_of(self._found, max(20, self.size.width - 5))
        pager = self.query_one(Pager)
        pager.fill(rows, stops=[at for at, row in enumerate(rows) if row.startswith(("commit ", "@@ ")) or row == STAYS])
        pager.focus()

    def action_write(self) -> None:
        """Write what is shown."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(False)


def rows_of(result: "FixResult", wide: int) -> list[str]:
    """The diff, then what stays and why."""
    rows = list(result.diff)
    stays = [f"{finding.severity}: {finding.message} [{finding.name}]" for finding in result.remaining.all]
    stays += [f"{patch.patch.source}: {patch.refused}" for patch in result.patches if patch.refused]
    if stays:
        rows += ["", STAYS, *(part for stay in stays for part in wrapped(one_line(stay), wide, "  "))]
    return rows


def _styled(row: str) -> Text:
    return plain(row, STRONG) if row.startswith("commit ") or row == STAYS else diff_line(row)


def fix_safe(screen: "StageScreen") -> None:
    """Look what is safe to fix in the topic's commits, show it, write it, have the findings made again."""
    from patchpilot.services.check.fix_topic import fix_topic

    session = screen.session
    topic = session.topic
    if topic is None:
        return

    def work(repository: "Repository", progress: "Progress", given: tuple[str, ...] | None) -> "FixResult":
        if session.topic_now(repository).key != topic.key:
            raise RefusedError("your commits changed meanwhile", hint="r reads them again, then m")
        settings = session.settings(repository)
        return fix_topic(repository, settings, session.checked_topic, strict=session.strict, overrides=given, progress=progress)

    def found(result: "FixResult") -> None:
        if not result.fixed:
            refused = next((patch.refused for patch in result.patches if patch.refused), "")
            screen.notify(f"nothing was mended: {refused}" if refused else NOTHING, markup=False)
            return
        screen.app.push_screen(FixDialog(result), answered)

    def answered(yes: bool | None) -> None:
        if yes:
            insist(screen, "mending", work, written)

    def written(result: "FixResult") -> None:
        message = "; ".join((f"mended: {names_of(result)}; u takes it back", *result.costs))
        screen.notify(message, markup=False, timeout=8)
        screen.reread()

    screen.in_thread("looking what is safe to mend", lambda repository, progress: work(repository, progress, None), found)


def names_of(result: "FixResult") -> str:
    """The rules of what was fixed, how often each."""
    counts: dict[str, int] = {}
    for patch in result.patches:
        for finding in patch.fixed:
            counts[finding.name] = counts.get(finding.name, 0) + 1
    names = [f"{name} ({count})" if count > 1 else name for name, count in counts.items()]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
