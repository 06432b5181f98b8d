# SPDX-License-Identifier: GPL-2.0-or-later
"""The open questions of a topic, asked by `send` on a terminal."""

import sys

import click

from patchpilot.errors import UsageError
from patchpilot.model.printable import printable
from patchpilot.model.send_request import SendRequest
from patchpilot.services.send.questions import (
    PreSendQuestion,
    answer,
    judge_answer,
    open_questions,
)
from patchpilot.topic.workplace import Workplace


def ask_open_questions(place: Workplace, request: SendRequest) -> None:
    """Ask what the author has not answered yet, and keep the answers with the topic.

    An empty answer leaves a question open. Asks nothing if stdin or stderr is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    for question in open_questions(place.repository, request):
        given = _asked(place, question)
        if given:
            answer(
                place.repository,
                question.name,
                given,
                target=request.target,
                base=request.base,
            )


def _asked(place: Workplace, question: PreSendQuestion) -> str:
    """The answer to a question, "" for none; asked again if it is not valid."""
    for clue in question.evidence:
        click.echo(f"note: {printable(clue)}", err=True)
    while True:
        text = click.prompt(
            f"{question.text} [{'/'.join(question.answers)}, ? explains, Enter leaves it open]",
            default="",
            show_default=False,
            err=True,
        ).strip()
        if text == "?":
            click.echo(f"{question.why}", err=True)
            for word, effect in zip(question.answers, question.effects, strict=True):
                click.echo(f"  {word}: {effect}", err=True)
            continue
        try:
            return judge_answer(place.repository, question.name, text) if text else ""
        except UsageError as error:
            click.echo(f"{error.message}; {error.hint}", err=True)
