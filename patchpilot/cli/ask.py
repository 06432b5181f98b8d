# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask questions on the terminal."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from patchpilot.cli.output.stream import print_message
from patchpilot.errors import UsageError, suggest_valid_words


def ask_question(question: str, default: str | None = None, *, end: str = ": ") -> str:
    """Ask a question until the user answers, and return the answer.

    An empty answer selects the default, if there is one. A non-empty default is shown.
    """
    text = f"{question} [{default}]" if default else question
    while True:
        print_message(text, end=end)
        line = sys.stdin.readline()
        if not line:
            print_message("")
            raise KeyboardInterrupt
        answer = line.rstrip("\r\n") or default
        if answer is not None and (answer or default == ""):
            return answer


def prompt_value(
    question: str,
    parse: Callable[[str], Any],
    default: str | None = None,
) -> Any:
    """Ask until the user enters a value that `parse` can convert, and return the converted
    value.
    """
    while True:
        try:
            return parse(ask_question(question, default))
        except UsageError as error:
            print_message(f"error: {error.message}; {error.hint}")


def ask_choice(question: str, names: Sequence[str], default: str | None = None) -> str:
    """Ask the user to choose one of the names."""

    def read(text: str) -> str:
        if text not in names:
            raise UsageError(
                f"unknown value {text!r}",
                hint=suggest_valid_words("value", text, names),
            )
        return text

    name: str = prompt_value(question, read, default)
    return name


def ask_yes_or_no(question: str, *, default: bool = False) -> bool:
    """Ask a yes-or-no question."""
    answers = {"y": True, "yes": True, "n": False, "no": False, "": default}
    while True:
        reply = ask_question(f"{question} [{'Y/n' if default else 'y/N'}]", "").strip().lower()
        if reply in answers:
            return answers[reply]


def ask_password(question: str) -> str:
    """Ask for a password without echoing it."""
    import getpass

    try:
        return getpass.getpass(f"{question}: ", stream=sys.stderr)
    except EOFError:
        raise KeyboardInterrupt from None


def ask_who_tested() -> tuple[str, ...]:
    """Ask on which stable release a fix was tested, and by whom.

    Return () if the user does not know, or if stdin or stderr is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ()
    print_message("Stable trees take only fixes that were tested there.")
    answer = ask_question("tested on (VERSION by NAME, Enter: not tested)", "").strip()
    return (answer,) if answer else ()
