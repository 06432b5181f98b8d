# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask questions on the terminal."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from patchpilot.cli.output.stream import tell
from patchpilot.errors import UsageError, suggestion


def prompt(question: str, default: str | None = None, *, end: str = ": ") -> str:
    """Ask a question until the user answers, and return the answer.

    An empty answer selects the default, if there is one. Show a non-empty default.
    """
    shown = f"{question} [{default}]" if default else question
    while True:
        tell(shown, end=end)
        line = sys.stdin.readline()
        if not line:
            tell("")
            raise KeyboardInterrupt
        answer = line.rstrip("\r\n") or default
        if answer is not None and (answer or default == ""):
            return answer


def prompt_value(
    question: str,
    read: Callable[[str], Any],
    default: str | None = None,
) -> Any:
    """Ask until the answer can be converted, and return the converted value."""
    while True:
        try:
            return read(prompt(question, default))
        except UsageError as error:
            tell(f"error: {error.message}; {error.hint}")


def choose(question: str, names: Sequence[str], default: str | None = None) -> str:
    """Ask the user to choose a name."""

    def read(text: str) -> str:
        if text not in names:
            raise UsageError(
                f"unknown value {text!r}", hint=suggestion("value", text, names)
            )
        return text

    name: str = prompt_value(question, read, default)
    return name


def confirm(question: str, *, default: bool = False) -> bool:
    """Ask a yes-or-no question."""
    words = {"y": True, "yes": True, "n": False, "no": False, "": default}
    while True:
        text = prompt(f"{question} [{'Y/n' if default else 'y/N'}]", "").strip().lower()
        if text in words:
            return words[text]


def password(question: str) -> str:
    """Ask for a password without echo."""
    import getpass

    try:
        return getpass.getpass(f"{question}: ", stream=sys.stderr)
    except EOFError:
        raise KeyboardInterrupt from None
