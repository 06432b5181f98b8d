# SPDX-License-Identifier: GPL-2.0-or-later
"""Hints as values: what the user can do next.

The CLI prints the command, the TUI the key of the screen that does the same.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

MARK = "{}"


class Action(NamedTuple):
    """A verb with its arguments, and a sentence in which `{}` is replaced by the command; "" is the
    command alone.

    Without a verb the arguments are options of the current command. A sentence without `{}` does
    not show the command.
    """

    verb: str
    arguments: tuple[str, ...] = ()
    reason: str = ""

    @property
    def command(self) -> str:
        """The command quoted for a shell, or the options alone."""
        import shlex

        words = (
            ("patchpilot", self.verb, *self.arguments) if self.verb else self.arguments
        )
        return shlex.join(words)

    def worded(self, words: str) -> str:
        """The sentence with `words` in place of the command.

        Words that are not a command get no backticks.
        """
        quoted = f"`{MARK}`"
        mark = quoted if words != self.command and quoted in self.reason else MARK
        before, found, after = self.reason.partition(mark)
        return f"{before}{words}{after}" if found else self.reason or words

    def __str__(self) -> str:
        return self.worded(self.command)


class Hint(NamedTuple):
    """A sentence that contains actions."""

    parts: tuple[str | Action, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


Advice = str | Action | Hint
"""A hint. Its str is what the CLI prints."""


def parts_of(advice: object) -> tuple[object, ...]:
    """The parts of a hint, in order; a plain sentence and an action are one part."""
    return advice.parts if isinstance(advice, Hint) else (advice,)


def actions(advice: object) -> tuple[Action, ...]:
    """The actions in a hint, in order; none in a plain sentence."""
    return tuple(part for part in parts_of(advice) if isinstance(part, Action))


def each(
    advice: object, words: Callable[[Action], str]
) -> Iterator[tuple[Action | None, str]]:
    """The parts of a hint with these words for its actions: (the action or None, text)."""
    for part in parts_of(advice):
        yield (part, words(part)) if isinstance(part, Action) else (None, str(part))


def in_backticks(text: str) -> Advice:
    """A sentence of a rule pack with a patchpilot command in backticks (`patchpilot fixes HEAD`),
    as a value.
    """
    pieces = text.split("`")
    if "`patchpilot " not in text or not len(pieces) % 2:
        return text
    parts: list[str | Action] = []
    for number, piece in enumerate(pieces):
        if number % 2 and piece.startswith("patchpilot "):
            _, verb, *arguments = piece.split()
            parts.append(Action(verb, tuple(arguments), "`{}`"))
        elif piece or number % 2:
            parts.append(f"`{piece}`" if number % 2 else piece)
    return Hint(tuple(parts))
