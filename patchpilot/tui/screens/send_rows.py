# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the send stage: the checks, and the messages while they are sent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.model.printable import one_line
from patchpilot.tui.screens.mail_rows import (
    CHECK_SIGNS,
    NO_SERVER,
    is_blocking,
    open_questions,
)
from patchpilot.tui.view.action_keys import in_keys, key_of
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    fitted,
    hanging,
    plain,
)
from patchpilot.tui.view.stages import NEEDS_YOU, Stage
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
KEYS = 10
"""Columns of the key of a check's row and of what that does."""


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


def check_rows(plan: "Sending", columns: int, *, all_rows: bool) -> list[Row]:
    """Return the rows of a plan's checks, the worst first.

    The checks that passed are one row unless all rows are wanted.
    """
    asked = open_questions(plan)
    checks = sorted(
        plan.checks,
        key=lambda check: (
            not is_blocking(check),
            check not in asked,
            is_passed(check),
        ),
    )
    passed = sum(map(is_passed, checks))
    rows = [
        Row(_row(check, columns, is_asked=check in asked), check, check.name)
        for check in checks
        if all_rows or not is_passed(check)
    ]
    if passed and not all_rows:
        words = f"{glyph('done'):2} {counted(passed, 'check')} passed"
        show = Text.assemble(
            (fitted(words, columns - KEYS), "green"), ("x ", KEY), "show"
        )
        rows.append(Row(show))
    return rows


def is_passed(check: "CheckLine") -> bool:
    """Whether a check found nothing."""
    return check.state == "ok"


def _row(check: "CheckLine", columns: int, *, is_asked: bool) -> Text:
    does = ""
    if not is_passed(check):
        does = "answer" if is_asked else "fix" if check.name in REPAIRS else ""
        does = does or ("open" if stage_for(check) else "")
    sign, style = CHECK_SIGNS["problem" if is_blocking(check) else check.state]
    if is_asked:
        sign, style = "todo", NEEDS_YOU
    text = fitted(check.message, max(20, columns - KEYS - 4))
    row = Text.assemble(
        (f"{glyph(sign):2} ", style), plain(text, QUIET if is_passed(check) else "")
    )
    return row.append(" a " if does else "", KEY).append(does)


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
