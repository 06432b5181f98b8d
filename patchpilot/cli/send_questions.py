# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask a topic's unanswered questions on the terminal before `send`."""

import sys

from patchpilot.cli import ask
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.stream import print_message, result_width, wrap_labeled
from patchpilot.errors import UsageError
from patchpilot.model.printable import make_one_line
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.questions import (
    PreSendQuestion,
    find_open_questions,
    make_cover_question,
    save_draft_answer,
    validate_answer,
)
from patchpilot.series.database import share_databases
from patchpilot.topic.workplace import Workplace


def ask_open_questions(workplace: Workplace, request: SendRequest) -> None:
    """Ask the unanswered questions, and save the answers with the topic.

    An empty answer leaves a question open. Nothing is asked if stdin or stderr is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    for question in find_open_questions(workplace.repository, request):
        _ask_and_save(workplace, request, question)


def announce_open_questions(workplace: Workplace, request: SendRequest) -> None:
    """Print the questions that the real send asks on a terminal, if there are any."""
    with share_databases(saves=not request.dry_run):
        questions = find_open_questions(workplace.repository, request)
    if questions:
        texts = [f"{question.text} ({'/'.join(question.answers)})" for question in questions]
        print_notice("note", make_one_line(f"the real send will ask: {' '.join(texts)}"))


def ask_about_split_recipients(workplace: Workplace, plan: Sending) -> bool:
    """Ask who receives which patches if this is what blocks the plan.

    Return whether the plan must be made again.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    question = make_cover_question(plan.blockers)
    return bool(question.evidence) and _ask_and_save(workplace, plan.request, question)


def _ask_and_save(workplace: Workplace, request: SendRequest, question: PreSendQuestion) -> bool:
    """Ask a question, and save the answer with the topic. Return whether there was one."""
    answer = _ask_question(workplace, question)
    if answer:
        save_draft_answer(workplace.repository, question.name, answer, request)
    return bool(answer)


def _ask_question(workplace: Workplace, question: PreSendQuestion) -> str:
    """Ask a question until the answer is valid, and return the answer.

    An empty answer leaves the question open.
    """
    for evidence in question.evidence:
        _print_wrapped("note: ", make_one_line(evidence))
    _print_wrapped("", question.text)
    while True:
        text = ask.ask_question(
            f"  {'/'.join(question.answers)}, ? explains, Enter leaves it open", ""
        ).strip()
        if text == "?":
            for text in (*question.guide.splitlines(), question.why):
                _print_wrapped("  ", text)
            for answer, effect in zip(question.answers, question.effects, strict=True):
                _print_wrapped(f"  {answer}: ", effect)
            continue
        try:
            return validate_answer(workplace.repository, question.name, text) if text else ""
        except UsageError as error:
            print_message(f"{error.message}; {error.hint}")


def _print_wrapped(label: str, text: str) -> None:
    for line in wrap_labeled(label, text, result_width()):
        print_message(line)
