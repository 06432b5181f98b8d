# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the send stage: the checks, and the messages while they are sent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.geometry import Size

from patchpilot.model.action import actions
from patchpilot.model.printable import one_line
from patchpilot.tui.screens.mail_rows import (
    NO_SERVER,
    check_lines,
    is_blocking,
)
from patchpilot.tui.view.action_keys import in_keys, key_of
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    fitted,
    hanging,
    lines,
    plain,
)
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.panel import BROAD, TALL, WIDE
from patchpilot.tui.widgets.row_list import Row

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.services.send.sending import Sending

MAIL_SIGNS = {
    "pending": ("nothing", "dim"),
    "sending": ("busy", "cyan"),
    "accepted": ("done", "green"),
    "rejected": ("blocked", "bold red"),
    "unknown": ("warning", "yellow"),
}
"""State of a mail → its glyph and its color."""
REPAIRS = {
    "no-signoff": (
        "sign_off",
        "press a to sign off the patches; what you certify is shown first",
    ),
    "missing-target-tree": ("tree", "press a to set the target tree"),
    "check-errors": (
        "fixes",
        "press a to see the safe fixes and tags, then apply them",
    ),
    "check-warnings": (
        "fixes",
        "press a to see the safe fixes and tags, then apply them",
    ),
    "tags": ("review_tags", "press a to add the review tags"),
    "cover-subject": ("edit", "press a to open the cover letter in your editor"),
    "cover-text": ("edit", "press a to open the cover letter in your editor"),
    "no-cover": ("edit", "press a to open a cover letter in your editor"),
    "no-changelog": ("edit", "press a to open the changelog in your editor"),
    "unfinished": ("edit", "press a to open the changelog in your editor"),
    "first-time": ("to_self", "press a to send the messages to yourself first"),
    "gateway": ("to_self", "press a to send the messages to yourself first"),
    "unanswered-security": (
        "security",
        "press a to see the question and why it matters",
    ),
    "unanswered-regression": (
        "regression",
        "press a to see the question and why it matters",
    ),
    NO_SERVER: ("server", "press a to set up your mail account here"),
}
"""Name of a check → how `a` repairs it here, and that in words.

For others `a` goes to the stage that their help names.
"""
CERTAIN = frozenset(("missing-target-tree", "check-errors", "check-warnings", "tags"))
"""The checks of which `A` repairs what is certain."""
BAR = 40
READER = 84
"""Columns of the mail on a broad terminal (see patchpilot.tcss)."""
AROUND = 14
"""Columns of a check's row that its message cannot take: the border, its sign, its key and what
that does.
"""


def stage_for(check: "CheckLine") -> Stage | None:
    """Return the stage named in the hint of a check, or None."""
    keys = (key_of(action) for action in actions(check.hint))
    return next(
        (key.stage for key in keys if key and key.stage not in (None, Stage.SEND)), None
    )


def is_fixable(check: "CheckLine") -> bool:
    """Whether `a` does something about a check: here, or at the stage that it goes to."""
    return check.state != "ok" and (
        check.name in REPAIRS or stage_for(check) is not None
    )


def help_of(check: "CheckLine") -> str:
    """Return the keys that fix the problem of a check, or "" if the check passed."""
    if check.state == "ok":
        return ""
    if check.name in REPAIRS:
        return REPAIRS[check.name][1]
    stage = stage_for(check)
    hint = in_keys(check.hint, stage or Stage.SEND)
    return (
        f"press a to go to stage {stage.number} {stage.label}: {hint}"
        if stage
        else hint
    )


def check_rows(plan: "Sending", size: Size) -> list[Row]:
    """Return the rows of a plan's checks, blocking checks first."""
    checks = sorted(
        plan.checks, key=lambda check: (not is_blocking(check), check.state == "ok")
    )
    return [Row(_row(check, size), check, check.name) for check in checks]


def _row(check: "CheckLine", size: Size) -> Text:
    room = max(20, _list_width(size) - AROUND)
    does = (
        ""
        if check.state == "ok"
        else "fix"
        if check.name in REPAIRS
        else "open"
        if stage_for(check)
        else ""
    )
    first, *more = check_lines(check, room + 3)
    first.truncate(room + 3, pad=True)
    key = Text.assemble(
        plain(f"  {'a' if does else ' '} ", KEY), plain(f"{does:<4}", QUIET)
    )
    if size.height < TALL and more:
        # the text below the list has all of it
        first = Text.assemble(first[:3], plain(fitted(check.message, room)))
        more = []
    return lines([first + key, *more])


def _list_width(size: Size) -> int:
    wide = size.width or 80
    if wide >= BROAD and size.height >= TALL:
        return wide - READER
    return wide * 3 // 5 if wide >= WIDE else wide


def mail_rows(state: str, subject: str, detail: str, columns: int) -> list[Text]:
    """Return the rows with a message's state and subject, in so many columns.

    The server's reply is below them, unless the message was accepted.
    """
    sign, color = MAIL_SIGNS[state]
    head = f"{glyph(sign):2} {state:9} "
    rows = [
        Text.assemble(plain("" if at else head, color), plain(line))
        for at, line in enumerate(hanging(one_line(subject), columns, len(head)))
    ]
    return (
        [*rows, plain(f"   {one_line(detail)}", color)]
        if detail and state not in ("accepted", "sending")
        else rows
    )


def progress_rows(
    plan: "Sending", states: Sequence[tuple[str, str]], doing: str, columns: int
) -> list[Text]:
    """Return a progress bar, the current step, and one line per message with the server's reply."""
    ended = sum(state not in ("pending", "sending") for state, _ in states)
    full = BAR * ended // max(1, len(states))
    bar = (
        f"{glyph('bar') * full}{glyph('bar-rest') * (BAR - full)} {ended}/{len(states)}"
    )
    rows = [plain(bar, MAIL_SIGNS["sending"][1]), plain(doing, QUIET)]
    for (state, detail), mail in zip(states, plan.send.entries, strict=True):
        rows += mail_rows(state, mail.subject, detail, columns)
    return rows
