# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the send stage, its fixes for problems, and the other ways to send."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.binding import BindingType

from patchpilot.model.counted import counted
from patchpilot.tui.screens.repair_keys import (
    choose_prefix,
    repair,
)
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, ask_yes

if TYPE_CHECKING:
    from patchpilot.services.repair import Repairs
    from patchpilot.services.send.sending import Sending
    from patchpilot.tui.screens.send_base import SendBase

BINDINGS: list[BindingType] = [
    key(
        "escape",
        "cancel",
        "stop after this message",
        "stop after the message that is being sent",
    ),
    key("s", "send", "send", "send the messages, after confirmation"),
    key("a", "repair", "fix", "fix the problem that the selected check found"),
    key(
        "A",
        "repair_all",
        "fix all",
        "apply all safe fixes (code, tags, target tree) after showing them",
    ),
    key(
        "m",
        "to_self",
        "send to yourself",
        "send the messages to yourself only, as a test",
    ),
    key(
        "R", "resume", "resume", "resume an interrupted send; no message is sent twice"
    ),
    more_key("x", "passed", "all checks", "show the checks that passed, or hide them"),
    more_key(
        "u", "undo", "undo", "undo the last fix, or the last rewrite of your commits"
    ),
]


BEFORE = ("send", "repair", "repair_all", "to_self")
"""The actions before a send."""


def repairs_of(screen: "SendBase") -> "dict[str, Callable[[Sending], None]]":
    """Return the functions that `a` can call, by their name in REPAIRS."""
    from patchpilot.services.repair import REVIEW_TAGS, SIGN_OFF

    def fix(kind: str, plan: "Sending") -> None:
        repair(screen, plan, (kind,), screen.repaired, partial(nothing_certain, screen))

    return {
        "sign_off": partial(fix, SIGN_OFF),
        "tree": lambda plan: choose_prefix(screen, plan, screen.changed),
        "fixes": partial(_make_fixes, screen),
        "review_tags": partial(fix, REVIEW_TAGS),
        "edit": lambda _: screen.action_edit(),
        "to_self": lambda _: send_to_self(screen),
        "security": lambda _: ask(screen, "security"),
        "regression": lambda _: ask(screen, "regression"),
        "server": screen.show_blocked,
    }


def ask(screen: "SendBase", name: str = "") -> None:
    """Ask an open pre-send question, or all, then prepare the messages again."""
    from patchpilot.tui.actions.questions import ask_named

    def answered() -> None:
        screen.sends_next = not name
        screen.tui.jobs.begin(screen.stage)

    ask_named(screen, name, answered)


def _make_fixes(screen: "SendBase", plan: "Sending") -> None:
    from patchpilot.services.repair import FIXES, TAGS

    def none(_: "Repairs") -> None:
        screen.notify(
            f"no safe fix for these findings; stage {Stage.CHECKS.number} shows them",
        )
        screen.tui.action_stage(str(Stage.CHECKS))

    repair(screen, plan, (FIXES, TAGS), screen.repaired, none)


def nothing_certain(screen: "SendBase", repairs: "Repairs") -> None:
    """Report why no fix was applied."""
    why = f": {'; '.join(repairs.left)}" if repairs.left else ""
    screen.notify(f"no safe fixes to apply{why}")


def send_to_self(screen: "SendBase") -> None:
    """Send the messages to yourself only, not to any list or maintainer."""
    from patchpilot.services.send.plan_send import plan

    known: Sending | None = screen.known
    if known and known.blocked:
        screen.show_blocked(known)
        return

    def planned(plan_to_self: "Sending") -> None:
        text = (
            f"Send {counted(len(plan_to_self.send.entries), 'message')} to yourself only"
            f" ({plan_to_self.account.sender})?"
        )
        text = "\n\n".join((text, *map(str, plan_to_self.remarks)))
        question = Choose(text, (("yes", "Send to yourself"), ("no", "Cancel")))
        ask_yes(screen.app, question, lambda: screen.send_now(plan_to_self))

    session = screen.session
    screen.in_thread(
        "preparing the messages",
        lambda repository, progress: plan(
            repository, session.request(repository, to_self=True), progress=progress
        ),
        planned,
    )


def resume_send(screen: "SendBase") -> None:
    """Resume the interrupted send, with the same Message-IDs."""
    known: Sending | None = screen.known
    if (
        known is None
        or not known.unfinished
        or known.last is None
        or screen.tui.sending
    ):
        screen.notify("no interrupted send to resume")
        return
    if any(entry.state == "unknown" for entry in known.last.entries):
        private = known.last.undisclosed
        where = (
            "your Sent folder"
            if private
            else "your Sent folder or the mailing list archive"
        )
        text = (
            f"The server may or may not have accepted some of the messages. Check {where}. Were"
            " they delivered?"
        )
        answers = (
            *(() if private else (("lookup", "Look for them in the archive"),)),
            ("sent", "Yes, they were delivered"),
            ("lost", "No, send them again"),
            ("keep", "I don't know: skip them"),
        )
        screen.app.push_screen(
            Choose(text, answers),
            lambda choice: _resume(screen, choice) if choice else None,
        )
    else:
        _resume(screen, "keep")


def _resume(screen: "SendBase", unknown: str) -> None:
    from patchpilot.services.send.send_state import plan_resumed

    session = screen.session

    def work(repository: Any, progress: Any) -> "Sending":
        return plan_resumed(
            repository,
            session.settings(repository),
            session.request(repository),
            unknown,
            progress,
        )

    screen.in_thread("preparing to resume", work, screen.send_now)
