# SPDX-License-Identifier: GPL-2.0-or-later
"""Store the waivers of a topic in its draft. Waivers are not part of the branch and are not
sent.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.checking.result import Suppressions
from patchpilot.commits.range import is_network_target
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError, UsageError, unknown_word_error
from patchpilot.lint.waivers import TOPIC, Waiver, parse_waiver_tables, verify_waivers
from patchpilot.model.action import Action
from patchpilot.model.rule import Rule
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.read_series import find_draft_of_commits

if TYPE_CHECKING:
    from patchpilot.model.draft import Draft

ORIGIN = "your topic"
REVIEW_COMMENT = lazy_pattern(r"review-[0-9a-f]{8}")
"""The name of a reviewer's comment, which is waived like a rule."""


def draft_waivers(draft: "Draft") -> tuple[Waiver, ...]:
    """Return the waivers in a draft.

    A commit marked as not being a fix has a waiver for the rule that requires a Fixes: tag.
    """
    from patchpilot.tags.fix_claims import list_denied_subjects

    given = (
        Waiver(rule, reason, origin=ORIGIN, kind=TOPIC)
        for rule, reason in sorted(draft.waivers.items())
        if not REVIEW_COMMENT.fullmatch(rule)
    )
    denied = (
        Waiver(
            "missing-fixes",
            "not a fix",
            origin=ORIGIN,
            kind=TOPIC,
            subject=denied_subject,
        )
        for denied_subject in list_denied_subjects(draft.answers)
    )
    return (*given, *denied)


def topic_waivers(
    repository: Repository, targets: Sequence[str], base: str | None = None
) -> tuple[Waiver, ...]:
    """Return the waivers of the TARGETs' topics, without creating drafts."""
    waivers: dict[Waiver, None] = {}
    for target in targets or (None,):
        draft = known_draft(repository, target, base)
        waivers.update(dict.fromkeys(draft_waivers(draft) if draft else ()))
    return tuple(waivers)


def suppressions_of(
    repository: Repository,
    settings: Settings,
    targets: Sequence[str],
    base: str | None = None,
    *,
    among: Sequence[Rule] | None = None,
) -> Suppressions | None:
    """Return the waivers of the TARGETs' topics and the waivers in the tree's file, or None if
    there are none.

    `among` limits the waivers to certain rules, because the file may name rules from packs that are
    not loaded.
    """
    waivers = (
        *topic_waivers(repository, targets, base),
        *parse_waiver_tables(settings.waivers, settings.label),
    )
    if among is not None:
        words = {word.lower() for rule in among for word in rule.words}
        waivers = tuple(waiver for waiver in waivers if waiver.rule.lower() in words)
    return Suppressions(waivers) if waivers else None


def known_draft(
    repository: Repository, target: str | None, base: str | None = None
) -> "Draft | None":
    """Return the draft of a TARGET's topic, identified by its commits and branch.

    Return None for patch files and if there is no draft.
    """
    if target is not None and (target == "-" or Path(target).exists() or is_network_target(target)):
        return None
    try:
        return find_draft_of_commits(repository, list_topic_commits(repository, target, base))
    except PatchpilotError:
        # ignore the error, because reading the patches reports it
        return None


def give(
    repository: Repository,
    waivers: Sequence[Waiver],
    rules: Sequence[Rule],
    target: str | None = None,
    base: str | None = None,
) -> "Draft":
    """Add waivers to the draft of a TARGET's topic.

    Raise `UsageError` for an unknown rule.
    """
    from patchpilot.topic.find import find_containing_draft

    of_rules = (waiver for waiver in waivers if not REVIEW_COMMENT.fullmatch(waiver.rule))
    verify_waivers(tuple(of_rules), rules)
    draft = find_containing_draft(repository, target, base)
    reasons = {_rule_name(waiver.rule, rules): waiver.reason for waiver in waivers}
    return _save(draft, "check --waive", waivers={**draft.waivers, **reasons})


def take_back(
    repository: Repository,
    words: Sequence[str],
    rules: Sequence[Rule],
    target: str | None = None,
    base: str | None = None,
) -> "Draft":
    """Remove the waivers of these rules from the draft of a TARGET's topic.

    If a rule has no waiver, raise `UsageError` with the existing waivers.
    """
    from patchpilot.tags.fix_claims import drop_denials, list_denied_subjects
    from patchpilot.topic.find import find_containing_draft

    draft = find_containing_draft(repository, target, base)
    remaining, answers = dict(draft.waivers), draft.answers
    for word in words:
        name = next(
            (name for name in (word, _rule_name(word, rules)) if name in remaining),
            None,
        )
        if _rule_name(word, rules) == "missing-fixes" and list_denied_subjects(answers):
            answers = drop_denials(answers)
            if name is None:
                continue
        if name is None and not draft.waivers:
            raise UsageError(
                f"{word} is not waived: this topic has no waivers",
                hint=Action("draft", (), "`{}` shows a topic's waivers"),
            )
        if name is None:
            raise unknown_word_error("waiver", word, draft.waivers)
        remaining.pop(name, None)
    return _save(draft, "check --unwaive", waivers=remaining, answers=answers)


def _save(draft: "Draft", verb: str, **changes: Any) -> "Draft":
    from dataclasses import replace

    from patchpilot.series.draft import Drafts

    with Drafts() as drafts:
        return drafts.keep(draft, replace(draft, **changes), verb)


def _rule_name(word: str, rules: Sequence[Rule]) -> str:
    return next(
        (rule.name for rule in rules if word.lower() in (rule.id.lower(), rule.name.lower())),
        word,
    )
