# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask a topic's open questions in `send` on a terminal."""

import sys

from patchpilot.cli import ask
from patchpilot.cli.output.stream import columns, tell, wrap_labeled
from patchpilot.errors import UsageError
from patchpilot.model.printable import one_line
from patchpilot.model.send_request import SendRequest
from patchpilot.services.send.questions import (
    PreSendQuestion,
    open_questions,
    save_draft_answer,
    validate_answer,
)
from patchpilot.topic.workplace import Workplace


def ask_open_questions(workplace: Workplace, request: SendRequest) -> None:
    """Ask the open questions, and save the answers with the topic.

    An empty answer leaves a question open. Ask nothing if stdin or stderr is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    for question in open_questions(workplace.repository, request):
        given = _ask(workplace, question)
        if given:
            save_draft_answer(
                workplace.repository,
                question.name,
                given,
                target=request.target,
                base=request.base,
            )


def _ask(workplace: Workplace, question: PreSendQuestion) -> str:
    """Ask a question until the answer is valid, and return it; "" leaves the question open."""
    for clue in question.evidence:
        _print("note: ", one_line(clue))
    _print("", question.text)
    while True:
        text = ask.prompt(
            f"  {'/'.join(question.answers)}, ? explains, Enter leaves it open", ""
        ).strip()
        if text == "?":
            _print("  ", question.why)
            for word, effect in zip(question.answers, question.effects, strict=True):
                _print(f"  {word}: ", effect)
            continue
        try:
            return (
                validate_answer(workplace.repository, question.name, text)
                if text
                else ""
            )
        except UsageError as error:
            tell(f"{error.message}; {error.hint}")


def _print(label: str, text: str) -> None:
    for line in wrap_labeled(label, text, columns()):
        tell(line)
