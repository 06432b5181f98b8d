# SPDX-License-Identifier: GPL-2.0-or-later
"""Completes values of options and arguments in a shell: rules, revisions, projects and hooks.

Only the completion imports this module.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from patchpilot.checking.list_rules import all_rules
from patchpilot.cli.verbs import VERBS
from patchpilot.config import KEYS
from patchpilot.errors import PatchpilotError
from patchpilot.model.rule import Rule
from patchpilot.services.setup.install_hooks import HOOKS
from patchpilot.settings.trusted_packs import packs_if_trusted
from patchpilot.topic.topic_project import project_names
from patchpilot.topic.workplace import Workplace

Described = Mapping[str, str]
"""Values, each with a short description."""


class CompletedText(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no parameter there
    """A text parameter that a shell completes with the given values.

    With `files`, it also completes file names. In a list, the word after the last comma is
    completed.
    """

    name = "text"

    def __init__(
        self,
        values: Callable[[Workplace], Described],
        *,
        files: bool = False,
        separator: str = "",
    ) -> None:
        self._values, self._files, self._separator = values, files, separator

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The values that begin as the word does."""
        head, separator, last = (
            incomplete.rpartition(self._separator)
            if self._separator
            else ("", "", incomplete)
        )
        found: Described = {}
        with suppress(PatchpilotError), _workplace(ctx) as place:
            found = self._values(place)
        items = [
            CompletionItem(f"{head}{separator}{text}", help=text_help)
            for text, text_help in found.items()
            if text.startswith(last)
        ]
        # bash takes files where nothing else is offered: what comes first is the last resort
        return (
            [CompletionItem(incomplete, type="file"), *items] if self._files else items
        )


def _workplace(ctx: click.Context) -> Workplace:
    repo = ctx.params.get("repo") or ctx.find_root().params.get("repo")
    return Workplace(repo, ctx.params.get("tree"))


def _all_rules(place: Workplace) -> tuple[Rule, ...]:
    """The shipped rules, and those of own packs that are trusted and valid."""
    with suppress(PatchpilotError):
        packs, _ = packs_if_trusted(place.settings(), place.source())
        return all_rules(packs)
    return all_rules()


def _rules(place: Workplace) -> Described:
    """Names and checkpatch types."""
    rules = _all_rules(place)
    return {rule.name: rule.summary for rule in rules} | {
        rule.checkpatch: rule.summary for rule in rules if rule.checkpatch
    }


def _packs(place: Workplace) -> Described:
    return {rule.pack: "pack" for rule in _all_rules(place)}


def _rules_and_packs(place: Workplace) -> Described:
    return {**_rules(place), **_packs(place)}


def _revisions(place: Workplace) -> Described:
    repository = place.repository_if_any()
    return {"HEAD": "", **dict.fromkeys(repository.refs, "")} if repository else {}


def _with(words: Iterable[str]) -> Callable[[Workplace], Described]:
    """Revisions, and these words."""
    return lambda place: {**dict.fromkeys(words, ""), **_revisions(place)}


def _projects(_: Workplace) -> Described:
    return dict.fromkeys(project_names(), "project")


def _hooks(_: Workplace) -> Described:
    return dict.fromkeys(HOOKS, "hook")


def _settings(_: Workplace) -> Described:
    return {key.name: "setting" for key in KEYS}


def _verbs(_: Workplace) -> Described:
    from patchpilot.cli.help_topics import TOPICS

    return {**dict.fromkeys(VERBS, "verb"), **dict.fromkeys(TOPICS, "topic")}


_TARGET = CompletedText(_revisions, files=True, separator="..")
_BY_METAVAR = {
    "REV": CompletedText(_revisions),
    "REV|DIR": CompletedText(_revisions, files=True),
    "COMMIT": CompletedText(_revisions),
    "BRANCH": CompletedText(_revisions),
    "auto|COMMIT|none": CompletedText(_with(("auto", "none"))),
    "no|yes|COMMIT": CompletedText(_with(("no", "yes"))),
    "yes|no": CompletedText(lambda _: {"yes": "", "no": ""}),
    "RULE": CompletedText(_rules),
    "RULE,…": CompletedText(_rules_and_packs, separator=","),
    "RULE=REASON": CompletedText(
        lambda place: {f"{name}=": text for name, text in _rules(place).items()}
    ),
    "[HOOK]...": CompletedText(_hooks),
    "[TARGET]...": _TARGET,
    "[show|reset] [TARGET]": _TARGET,
    "[COMMAND|TOPIC]": CompletedText(_verbs),
}
_BY_NAME = {
    "profile": CompletedText(_projects),
    "name": CompletedText(_settings),
    "pack": CompletedText(_packs),
    "target": _TARGET,
}


def complete_values(parameters: Iterable[click.Parameter]) -> None:
    """Give each parameter with a plain text value a type that completes it."""
    for parameter in parameters:
        known = _BY_METAVAR.get(parameter.metavar or "") or _BY_NAME.get(
            parameter.name or ""
        )
        if known and parameter.type is click.STRING:
            parameter.type = known
