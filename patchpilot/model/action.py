# SPDX-License-Identifier: GPL-2.0-or-later
"""Advice as a value: what the user could do next. The CLI prints a command for it, the TUI the key of the screen that does it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

MARK = "{}"


class Action(NamedTuple):
    """A verb of ours with its arguments, and why: a sentence in which `{}` is where the command goes; "" is the command alone.

    Without a verb the arguments are options of the call in hand. A sentence without `{}` leaves the command out.
    """

    verb: str
    arguments: tuple[str, ...] = ()
    reason: str = ""

    @property
    def command(self) -> str:
        """The command as a shell takes it, or the options alone."""
        import shlex

        words = ("patchpilot", self.verb, *self.arguments) if self.verb else self.arguments
        return shlex.join(words)

    def worded(self, words: str) -> str:
        """The sentence with these words in place of the command; words that are no command are not put in backticks."""
        quoted = f"`{MARK}`"
        mark = quoted if words != self.command and quoted in self.reason else MARK
        before, found, after = self.reason.partition(mark)
        return f"{before}{words}{after}" if found else self.reason or words

    def __str__(self) -> str:
        return self.worded(self.command)


class Hint(NamedTuple):
    """A sentence some parts of which are actions."""

    parts: tuple[str | Action, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


Advice = str | Action | Hint
"""What helps. As a str it is what the CLI prints."""


def parts_of(advice: object) -> tuple[object, ...]:
    """The parts of an advice, in order; a plain sentence and an action are one part."""
    return advice.parts if isinstance(advice, Hint) else (advice,)


def actions(advice: object) -> tuple[Action, ...]:
    """The actions in an advice, in order; none in a plain sentence."""
    return tuple(part for part in parts_of(advice) if isinstance(part, Action))


def each(advice: object, words: Callable[[Action], str]) -> Iterator[tuple[Action | None, str]]:
    """The parts of an advice with these words for its actions: (the action or None, text)."""
    for part in parts_of(advice):
        yield (part, words(part)) if isinstance(part, Action) else (None, str(part))


def in_backticks(text: str) -> Advice:
    """A sentence of a rule pack, where a command of ours is in backticks (`patchpilot fixes HEAD`), as a value."""
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
