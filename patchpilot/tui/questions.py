# SPDX-License-Identifier: GPL-2.0-or-later
"""Pre-send questions, one dialog each; the answers are stored with the topic and not asked again."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from patchpilot.tui.widgets.choose import Choose, LineDialog

if TYPE_CHECKING:
    from patchpilot.services.send.questions import PreSendQuestion
    from patchpilot.tui.screens.stage_screen import StageScreen

_WORDS = {"no": "No", "yes": "Yes", "COMMIT": "Yes, and I know the commit or release that introduced it"}


def ask(screen: "StageScreen", questions: "Sequence[PreSendQuestion]", then: Callable[[], None]) -> None:
    """Ask one after the other; call `then` at the end, also when some were left open."""
    if not questions:
        then()
        return
    question, rest = questions[0], questions[1:]

    def answered(choice: str | None) -> None:
        if choice is None:
            then()
        elif choice == "COMMIT":
            screen.app.push_screen(LineDialog("Which commit, release or range (good..bad) introduced the regression?", _is_revision), named)
        else:
            named(choice)

    def named(value: str | None) -> None:
        if value is None:
            then()
            return
        _keep(screen, question.name, value, lambda: ask(screen, rest, then))

    screen.app.push_screen(Choose(_text(question), [(answer, _WORDS.get(answer, answer)) for answer in question.answers]), answered)


def _text(question: "PreSendQuestion") -> str:
    parts = [question.text, question.why]
    if question.evidence:
        parts.append("Reasons to answer yes:\n" + "\n".join(f"- {sign}" for sign in question.evidence))
    return "\n\n".join([*parts, question.advice])


def _is_revision(text: str) -> tuple[bool, str]:
    valid = bool(re.fullmatch(r"v?[\w./~^-]+(?:\.\.v?[\w./~^-]+)?", text.strip()))
    return valid, "" if valid else "enter a commit, v6.12, or good..bad"


def _keep(screen: "StageScreen", name: str, value: str, then: Callable[[], None]) -> None:
    from patchpilot.services.send.mail_recipients import answer_named

    session = screen.session

    def done(changed: str) -> None:
        session.changed("answers")
        session.open_questions = max(0, session.open_questions - 1)
        if changed:
            screen.notify(changed, markup=False, timeout=8)
        then()

    screen.in_thread("saving the answer", lambda repository, _: answer_named(repository, name, value, session.request(repository)), done)
