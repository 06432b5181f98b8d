# SPDX-License-Identifier: GPL-2.0-or-later
"""Complete commands, options and their values for a shell.

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
from patchpilot.settings.tree_data import read_trusted_packs
from patchpilot.setup.install_hooks import HOOKS
from patchpilot.topic.project import list_projects
from patchpilot.topic.workplace import Workplace

Described = Mapping[str, str]
"""Completions → short descriptions."""


class ValueCompletions(NamedTuple):
    """The possible completions of a value.

    These are the results of `of` and, if `files` is set, file names. In a list, only the part after
    the last `separator` is completed.
    """

    of: Callable[[Workplace], Described]
    files: bool = False
    separator: str = ""


def _load_rules(workplace: Workplace) -> tuple[Rule, ...]:
    """Return the shipped rules, and the rules in the user's valid, trusted packs."""
    with suppress(PatchpilotError):
        packs, _ = read_trusted_packs(workplace.settings(), workplace.source())
        return all_rules(packs)
    return all_rules()


def _rule_completions(workplace: Workplace) -> Described:
    rules = _load_rules(workplace)
    return {rule.name: rule.summary for rule in rules} | {
        rule.checkpatch: rule.summary for rule in rules if rule.checkpatch
    }


def _pack_completions(workplace: Workplace) -> Described:
    return {rule.pack: "pack" for rule in _load_rules(workplace)}


def _rule_and_pack_completions(workplace: Workplace) -> Described:
    return {**_rule_completions(workplace), **_pack_completions(workplace)}


def _revision_completions(workplace: Workplace) -> Described:
    repository = workplace.repository_if_any()
    return {"HEAD": "", **dict.fromkeys(repository.refs, "")} if repository else {}


def _complete_revisions_or_keywords(
    keywords: Iterable[str],
) -> Callable[[Workplace], Described]:
    """Return a function that completes keywords and revisions."""
    return lambda workplace: {
        **dict.fromkeys(keywords, ""),
        **_revision_completions(workplace),
    }


def _project_completions(_: Workplace) -> Described:
    return dict.fromkeys(list_projects(), "project")


def _hook_completions(_: Workplace) -> Described:
    return dict.fromkeys(HOOKS, "hook")


def _setting_completions(_: Workplace) -> Described:
    return {key.name: "setting" for key in KEYS}


def _command_completions(_: Workplace) -> Described:
    from patchpilot.cli.help_topics import TOPICS

    return {**dict.fromkeys(COMMANDS, "command"), **dict.fromkeys(TOPICS, "topic")}


_TARGET = ValueCompletions(_revision_completions, files=True, separator="..")
_BY_METAVAR = {
    "REV": ValueCompletions(_revision_completions),
    "REV|DIR": ValueCompletions(_revision_completions, files=True),
    "COMMIT": ValueCompletions(_revision_completions),
    "BRANCH": ValueCompletions(_revision_completions),
    "auto|COMMIT|none": ValueCompletions(_complete_revisions_or_keywords(("auto", "none"))),
    "no|yes|COMMIT": ValueCompletions(_complete_revisions_or_keywords(("no", "yes"))),
    "yes|no": ValueCompletions(lambda _: {"yes": "", "no": ""}),
    "RULE": ValueCompletions(_rule_completions),
    "[RULE]": ValueCompletions(_rule_completions),
    "RULE,…": ValueCompletions(_rule_and_pack_completions, separator=","),
    "RULE=REASON": ValueCompletions(
        lambda workplace: {f"{name}=": text for name, text in _rule_completions(workplace).items()}
    ),
    "[HOOK]...": ValueCompletions(_hook_completions),
    "[TARGET]...": _TARGET,
    "[show|reset] [TARGET]": _TARGET,
    "[COMMAND|TOPIC]": ValueCompletions(_command_completions),
}
_BY_NAME = {
    "profile": ValueCompletions(_project_completions),
    "name": ValueCompletions(_setting_completions),
    "target": _TARGET,
}


def print_completions(root: Command) -> int:
    """Print the completions of the last word for a shell's completion script.

    Each line contains a word, a tab and a description. An empty word means file names.
    """
    arguments = os.environ["_PATCHPILOT_WORDS"].split("\x1f")
    for value, text in _complete_last_word(root, arguments[:-1], arguments[-1]):
        print(f"{value}\t{' '.join(text.split())}")
    return 0


def _complete_last_word(
    command: Command, previous_arguments: Sequence[str], current: str
) -> Iterable[tuple[str, str]]:
    values, option = dict[str, Any](), None
    for argument in previous_arguments:
        if option is not None:
            values[option.key], option = argument, None
        elif argument in command.commands:
            command = command.sub(argument)
        else:
            option = _option_with_value(command, argument)
            values.setdefault("", 0)
            values[""] += option is None and not argument.startswith("-")
    name, equals, text = current.partition("=")
    if option is not None:
        return _value_completions(option, current, values)
    if equals and (option := _option_with_value(command, name)):
        return [
            (f"{name}={argument}", description)
            for argument, description in _value_completions(option, text, values)
        ]
    if current.startswith("-"):
        return [
            (spelling, option.text)
            for option in command.options
            if not option.hidden
            for spelling in (*option.spellings, *option.off)
            if spelling.startswith(current)
        ]
    if command.commands:
        subcommands = {name: COMMANDS.get(name, "") for name in command.commands}
        return [
            (name, description)
            for name, description in subcommands.items()
            if name.startswith(current)
        ]
    arguments = command.arguments[values.get("", 0) :] or command.arguments[-1:]
    return _value_completions(arguments[0], current, values) if arguments else ()


def _option_with_value(command: Command, argument: str) -> Option | None:
    return next(
        (
            option
            for option in command.options
            if argument in option.spellings and option.kind != FLAG
        ),
        None,
    )


def _value_completions(
    parameter: Option | Argument, text: str, options: Mapping[str, Any]
) -> list[tuple[str, str]]:
    completer = _BY_METAVAR.get(parameter.metavar or "") or _BY_NAME.get(parameter.key)
    if parameter.choices or completer is None:
        completions = [(value, "") for value in parameter.choices if value.startswith(text)]
        return completions or ([] if parameter.choices else [("", "")])
    prefix, separator, current = (
        text.rpartition(completer.separator) if completer.separator else ("", "", text)
    )
    values: Described = {}
    tree, repo = options.get("tree"), options.get("repo")
    with (
        suppress(PatchpilotError),
        Workplace(Path(repo) if repo else None, Path(tree) if tree else None) as workplace,
    ):
        values = completer.of(workplace)
    completions = [
        (f"{prefix}{separator}{value}", description)
        for value, description in values.items()
        if value.startswith(current)
    ]
    return [*completions, ("", "")] if completer.files or not completions else completions
