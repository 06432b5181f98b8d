# SPDX-License-Identifier: GPL-2.0-or-later
"""Complete commands, options and their values in a shell: rules, revisions, projects, hooks.

Imported only for completion.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.checking.list_rules import all_rules
from patchpilot.cli.command import COMMANDS, FLAG, Argument, Command, Option
from patchpilot.config import KEYS
from patchpilot.errors import PatchpilotError
from patchpilot.model.rule import Rule
from patchpilot.services.setup.install_hooks import HOOKS
from patchpilot.settings.trusted_packs import packs_if_trusted
from patchpilot.topic.topic_project import project_names
from patchpilot.topic.workplace import Workplace

Described = Mapping[str, str]
"""Values with short descriptions."""


class Values(NamedTuple):
    """A word's completions: the results of `of`, and file names with `files`.

    In a list, complete the word after the last `separator`.
    """

    of: Callable[[Workplace], Described]
    files: bool = False
    separator: str = ""


def _load_rules(workplace: Workplace) -> tuple[Rule, ...]:
    """Return the shipped rules, and rules from the user's valid, trusted packs."""
    with suppress(PatchpilotError):
        packs, _ = packs_if_trusted(workplace.settings(), workplace.source())
        return all_rules(packs)
    return all_rules()


def _rules(workplace: Workplace) -> Described:
    """Map rule names and checkpatch types to summaries."""
    rules = _load_rules(workplace)
    return {rule.name: rule.summary for rule in rules} | {
        rule.checkpatch: rule.summary for rule in rules if rule.checkpatch
    }


def _packs(workplace: Workplace) -> Described:
    return {rule.pack: "pack" for rule in _load_rules(workplace)}


def _rules_and_packs(workplace: Workplace) -> Described:
    return {**_rules(workplace), **_packs(workplace)}


def _revisions(workplace: Workplace) -> Described:
    repository = workplace.repository_if_any()
    return {"HEAD": "", **dict.fromkeys(repository.refs, "")} if repository else {}


def _complete_revisions_and(words: Iterable[str]) -> Callable[[Workplace], Described]:
    """Return a function that completes revisions and these words."""
    return lambda workplace: {**dict.fromkeys(words, ""), **_revisions(workplace)}


def _projects(_: Workplace) -> Described:
    return dict.fromkeys(project_names(), "project")


def _hooks(_: Workplace) -> Described:
    return dict.fromkeys(HOOKS, "hook")


def _settings(_: Workplace) -> Described:
    return {key.name: "setting" for key in KEYS}


def _commands(_: Workplace) -> Described:
    from patchpilot.cli.help_topics import TOPICS

    return {**dict.fromkeys(COMMANDS, "command"), **dict.fromkeys(TOPICS, "topic")}


_TARGET = Values(_revisions, files=True, separator="..")
_BY_METAVAR = {
    "REV": Values(_revisions),
    "REV|DIR": Values(_revisions, files=True),
    "COMMIT": Values(_revisions),
    "BRANCH": Values(_revisions),
    "auto|COMMIT|none": Values(_complete_revisions_and(("auto", "none"))),
    "no|yes|COMMIT": Values(_complete_revisions_and(("no", "yes"))),
    "yes|no": Values(lambda _: {"yes": "", "no": ""}),
    "RULE": Values(_rules),
    "[RULE]": Values(_rules),
    "RULE,…": Values(_rules_and_packs, separator=","),
    "RULE=REASON": Values(
        lambda workplace: {f"{name}=": text for name, text in _rules(workplace).items()}
    ),
    "[HOOK]...": Values(_hooks),
    "[TARGET]...": _TARGET,
    "[show|reset] [TARGET]": _TARGET,
    "[COMMAND|TOPIC]": Values(_commands),
}
_BY_NAME = {
    "profile": Values(_projects),
    "name": Values(_settings),
    "target": _TARGET,
}


def answer_shell(root: Command) -> int:
    """Print the completions of the last word, for a shell's completion script.

    Each line contains a word, a tab and a description; an empty word means file names.
    """
    words = os.environ["_PATCHPILOT_WORDS"].split("\x1f")
    for word, text in _completions(root, words[:-1], words[-1]):
        print(f"{word}\t{' '.join(text.split())}")
    return 0


def _completions(
    command: Command, words: Sequence[str], last: str
) -> Iterable[tuple[str, str]]:
    values, option = dict[str, Any](), None
    for word in words:
        if option is not None:
            values[option.key], option = word, None
        elif word in command.commands:
            command = command.sub(word)
        else:
            option = _option_with_value(command, word)
            values.setdefault("", 0)
            values[""] += option is None and not word.startswith("-")
    name, equals, text = last.partition("=")
    if option is not None:
        return _option_values(option, last, values)
    if equals and (option := _option_with_value(command, name)):
        return [
            (f"{name}={word}", why)
            for word, why in _option_values(option, text, values)
        ]
    if last.startswith("-"):
        return [
            (spelling, option.text)
            for option in command.options
            if not option.hidden
            for spelling in (*option.spellings, *option.off)
            if spelling.startswith(last)
        ]
    if command.commands:
        inner = {name: COMMANDS.get(name, "") for name in command.commands}
        return [(name, why) for name, why in inner.items() if name.startswith(last)]
    places = command.arguments[values.get("", 0) :] or command.arguments[-1:]
    return _option_values(places[0], last, values) if places else ()


def _option_with_value(command: Command, word: str) -> Option | None:
    """Return the option with this spelling if it takes a value."""
    return next(
        (
            option
            for option in command.options
            if word in option.spellings and option.kind != FLAG
        ),
        None,
    )


def _option_values(
    row: Option | Argument, text: str, options: Mapping[str, Any]
) -> list[tuple[str, str]]:
    known = _BY_METAVAR.get(row.metavar or "") or _BY_NAME.get(row.key)
    if row.choices or known is None:
        words = [(word, "") for word in row.choices if word.startswith(text)]
        return words or ([] if row.choices else [("", "")])
    head, separator, last = (
        text.rpartition(known.separator) if known.separator else ("", "", text)
    )
    values: Described = {}
    tree, repo = options.get("tree"), options.get("repo")
    with (
        suppress(PatchpilotError),
        Workplace(
            Path(repo) if repo else None, Path(tree) if tree else None
        ) as workplace,
    ):
        values = known.of(workplace)
    words = [
        (f"{head}{separator}{word}", why)
        for word, why in values.items()
        if word.startswith(last)
    ]
    return [*words, ("", "")] if known.files or not words else words
