# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a topic with the current settings, and manages its waivers.

The results are the same as for `check` without options.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchpilot.checking.check_patches import check
from patchpilot.checking.check_request import CheckRequest, check_request
from patchpilot.checking.check_result import CheckResult
from patchpilot.checking.topic_waivers import (
    ORIGIN,
    give,
    known_draft,
    of_draft,
    suppressions_of,
    take_back,
)
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.lint.rule_store import OwnPack, load_rules
from patchpilot.lint.waivers import Waiver
from patchpilot.model.finding import Finding, Suppressed
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rule import Rule
from patchpilot.settings.read_settings import source_of
from patchpilot.settings.trusted_packs import own_packs

if TYPE_CHECKING:
    from patchpilot.building.plan import BuildOptions


@dataclass(frozen=True, slots=True)
class CheckedTopic:
    """The topic to check.

    `targets` are its commits as TARGETs of `check`, `target` is the TARGET that the user
    named, and `base` is the base of the topic.
    """

    targets: tuple[str, ...]
    target: str | None = None
    base: str | None = None


def topic_request(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
) -> CheckRequest:
    """Returns the request for a check of the topic, with its settings and waivers."""
    return check_request(
        settings,
        targets=topic.targets,
        strict=strict or settings.flag("strict"),
        packs=topic_packs(repository, settings),
        suppressions=suppressions_of(repository, settings, topic.targets, topic.base),
    )


def topic_packs(repository: Repository, settings: Settings) -> tuple[OwnPack, ...]:
    """Returns the rule packs named in the settings."""
    return own_packs(settings, source_of(repository))


def check_topic(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
    build: "BuildOptions | None" = None,
    progress: Progress = silent,
) -> CheckResult:
    """Returns the findings in the topic's commits.

    With `build`, the commits are built and the findings of the build are included.
    """
    asked = topic_request(repository, settings, topic, strict=strict)
    return check(asked._replace(build=build), repository=repository, progress=progress)


def waive_rule(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    rule: str,
    reason: str,
) -> None:
    """Waives a rule for the topic, with a reason."""
    waiver = Waiver(rule, " ".join(reason.split()))
    give(repository, (waiver,), _rules(repository, settings), topic.target, topic.base)


def is_of_topic(suppressed: Suppressed) -> bool:
    """Returns whether a finding is waived by the topic, not by a file or a baseline."""
    return suppressed.origin == ORIGIN


def take_back_waivers(
    repository: Repository, settings: Settings, topic: CheckedTopic, finding: Finding
) -> tuple[str, ...]:
    """Removes the topic's waivers that cover a finding, and returns their rules."""
    rules = _rules(repository, settings)
    words = next(
        (rule.words for rule in rules if rule.id == finding.rule), (finding.name,)
    )
    draft = known_draft(repository, topic.target, topic.base)
    names = tuple(
        waiver.rule
        for waiver in (of_draft(draft) if draft else ())
        if waiver.covers(finding, words)
    )
    take_back(repository, names, rules, topic.target, topic.base)
    return names


def _rules(repository: Repository, settings: Settings) -> Sequence[Rule]:
    return tuple(load_rules(topic_packs(repository, settings)))
