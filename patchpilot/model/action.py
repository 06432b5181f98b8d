# SPDX-License-Identifier: GPL-2.0-or-later
"""Represent suggested next steps: commands, hints, and commands that need trust.

The CLI prints a hint's command; the TUI shows the key of the corresponding screen.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from patchpilot.errors import HintText, RefusedError
from patchpilot.model.json_form import json_form

PUBLISHED, SHARED, CLAIM = "published", "shared", "claim"
OVERRIDES = {
    PUBLISHED: "rewrite commits even if a remote branch or a tag contains them",
    SHARED: "rewrite commits even if another local branch contains them",
    CLAIM: "rewrite commits even if somebody else committed them: you become their committer",
}
"""Maps each option (without dashes) to the operation that it allows."""


MARK = "{}"
FILES = "FILES"
"""The word for the patch files of a command whose names are not known."""


class Action(NamedTuple):
    """A patchpilot command, and a sentence that suggests running it.

    `{}` in the sentence is replaced with the command. If the sentence is empty, the command is
    shown alone. If the sentence has no `{}`, only the sentence is shown. If the action names no
    command, its arguments are options of the current command. A conditional action is a
    possibility that the sentence mentions, but not the next step. `branch` has to be checked out
    for the command.
    """

    name: str
    arguments: tuple[str, ...] = ()
    reason: str = ""
    is_conditional: bool = False
    branch: str = ""

    @property
    def command(self) -> str:
        """Return the command quoted for a shell; if it has no name, return only its options."""
        import shlex

        argv = ("patchpilot", self.name, *self.arguments) if self.name else self.arguments
        switch = f"git switch {shlex.quote(self.branch)} && " if self.branch else ""
        return f"{switch}{shlex.join(argv)}"

    @property
    def key_words(self) -> list[str]:
        """Return the words to which a key is bound: paths are `FILES`, and numbers are left out.

        A key would change the current branch, so there are none for another branch. The list of
        tracked series is Home.
        """
        words = (self.name, *self.arguments) if not self.branch else ()
        if words == ("track",):
            words = ("--home",)
        return [
            FILES if self.name == "send" and "/" in word else word
            for word in words
            if word and not word.isdecimal()
        ]

    def format(self, replacement: str) -> str:
        """Return the sentence with `replacement` in place of the command.

        If this is not the command itself, backticks around it are removed.
        """
        quoted = f"`{MARK}`"
        placeholder = quoted if replacement != self.command and quoted in self.reason else MARK
        before, command, after = self.reason.partition(placeholder)
        return f"{before}{replacement}{after}" if command else self.reason or replacement

    def __str__(self) -> str:
        return self.format(self.command)


class Hint(NamedTuple):
    """A sentence that consists of text and actions."""

    parts: tuple[str | Action, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


Advice = str | Action | Hint
"""A hint; the CLI prints it as a string."""


def join_hints(*parts: Advice) -> Advice:
    """Join several hints into one, keeping their actions."""
    flat = [
        flat_part
        for part in parts
        for flat_part in (part.parts if isinstance(part, Hint) else (part,))
    ]
    return Hint(tuple(flat)) if len(flat) > 1 else flat[0]


def name_files(advice: Advice, files: tuple[str, ...]) -> Advice:
    """Return a hint whose commands for a topic name its patch files, which replace `FILES`.

    Without files, the commands are for the current branch; with files, `trailers` is no next step.
    A send that is resumed has its messages in the outbox. A sentence without its command gets it:
    it works only with the files.
    """

    def add_files(part: str | Action) -> str | Action:
        if isinstance(part, Action) and part.name == "trailers":
            # it changes the commits of the current branch, which are not those in the files
            return part._replace(is_conditional=bool(files))
        if isinstance(part, str) or part.name not in ("draft", "send"):
            return part
        if "--resume" in part.arguments:
            return part
        arguments = (argument for argument in part.arguments if argument != FILES)
        is_shown = not (part.reason and files) or MARK in part.reason
        reason = part.reason if is_shown else f"{part.reason}: `{MARK}`"
        return part._replace(arguments=(*arguments, *files), reason=reason)

    if isinstance(advice, Hint):
        return Hint(tuple(map(add_files, advice.parts)))
    return add_files(advice)


def advice_parts(advice: object) -> tuple[object, ...]:
    """Return the parts of a hint in order; a plain string or action is a single part."""
    return advice.parts if isinstance(advice, Hint) else (advice,)


def actions_in_advice(advice: object) -> tuple[Action, ...]:
    """Return the actions in a hint, in order, without the conditional ones."""
    actions = (part for part in advice_parts(advice) if isinstance(part, Action))
    return tuple(action for action in actions if not action.is_conditional)


def iterate_parts(
    advice: object, format_action: Callable[[Action], str]
) -> Iterator[tuple[Action | None, str]]:
    """Yield the action and the text of each part of a hint.

    For a part without an action, the action is None. `format_action` returns the text of an action.
    """
    for part in advice_parts(advice):
        yield ((part, format_action(part)) if isinstance(part, Action) else (None, str(part)))


def parse_backticks(text: str) -> Advice:
    """Convert a sentence in a rule pack into a hint.

    A patchpilot command in backticks (`patchpilot fixes HEAD`) becomes an action.
    """
    pieces = text.split("`")
    if "`patchpilot " not in text or not len(pieces) % 2:
        return text
    parts: list[str | Action] = []
    for number, piece in enumerate(pieces):
        if number % 2 and piece.startswith("patchpilot "):
            _, name, *arguments = piece.split()
            parts.append(Action(name, tuple(arguments), "`{}`"))
        elif piece or number % 2:
            parts.append(f"`{piece}`" if number % 2 else piece)
    return Hint(tuple(parts))


@json_form("name file text")
class OwnCommand(NamedTuple):
    """A command that the configuration of a repository contains.

    It consists of the name of the setting or hook, its file, and its text. `digest` identifies a
    trusted command, and `label` is its name in the list of trusted commands.
    """

    name: str
    file: str
    text: str
    digest: str
    label: str


class UntrustedCommandsError(RefusedError):
    """Raised before untrusted commands of a repository would run."""

    def __init__(self, message: str, *, hint: HintText, commands: tuple[OwnCommand, ...]) -> None:
        super().__init__(message, hint=hint)
        self.commands = commands
