# SPDX-License-Identifier: GPL-2.0-or-later
"""Check or fix a topic with the current settings, and manage its waivers.

The results equal those of `check` without options.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.checking.driver import Driver, PatchSource, options_of
from patchpilot.checking.result import CheckResult
from patchpilot.checking.topic_waivers import (
    ORIGIN,
    draft_waivers,
    give,
    known_draft,
    suppressions_of,
    take_back,
)
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.waivers import Waiver
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding, Rule, Suppression
from patchpilot.settings.source import find_settings_source
from patchpilot.settings.tree_data import read_own_packs

if TYPE_CHECKING:
    from patchpilot.building.plan import BuildOptions
    from patchpilot.checking.apply_fixes import FixResult
    from patchpilot.checking.fixed_patch import Only


class CheckedTopic(NamedTuple):
    """A topic to check.

    `targets` lists its commits as TARGETs for `check`. `target` is the TARGET that the user gave,
    and `base` the topic's base.
    """

    targets: tuple[str, ...]
    target: str | None = None
    base: str | None = None


def make_topic_driver(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
    progress: Progress = ignore_progress,
) -> Driver:
    """Return the driver that checks a topic with its settings and waivers."""
    packs = read_own_packs(settings, find_settings_source(repository))
    return Driver(
        options_of(settings, strict=strict or None, packs=packs),
        suppressions=suppressions_of(repository, settings, topic.targets, topic.base),
        repository=repository,
        progress=progress,
    )


def check_topic(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
    build: "BuildOptions | None" = None,
    progress: Progress = ignore_progress,
) -> CheckResult:
    """Return the findings in the topic's commits.

    With `build`, also build the commits and include the findings of the build.
    """
    driver = make_topic_driver(repository, settings, topic, strict=strict, progress=progress)
    return driver.check_source(PatchSource(topic.targets), build=build)


def fix_topic_findings(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
    overrides: Collection[str] | None = None,
    is_selected: "Only | None" = None,
    progress: Progress = ignore_progress,
) -> "FixResult":
    """Apply the safe fixes to a topic's commits, or preview them if `overrides` is None.

    Otherwise, `overrides` names the blocks to ignore. `is_selected` selects the findings to fix.
    """
    from patchpilot.checking.apply_fixes import fix_findings

    return fix_findings(
        make_topic_driver(repository, settings, topic, strict=strict, progress=progress),
        PatchSource((topic.target,) if topic.target else (), topic.base),
        write=overrides is not None,
        overrides=overrides or (),
        is_selected=is_selected,
    )


def waive_rule(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    rule: str,
    reason: str,
) -> None:
    waiver = Waiver(rule, " ".join(reason.split()))
    give(
        repository,
        (waiver,),
        _load_rules(repository, settings),
        topic.target,
        topic.base,
    )


def is_topic_waiver(suppression: Suppression) -> bool:
    """Return whether a finding is waived for the topic, rather than by a file or baseline."""
    return suppression.origin == ORIGIN


def remove_waivers(
    repository: Repository, settings: Settings, topic: CheckedTopic, finding: Finding
) -> tuple[str, ...]:
    """Remove the topic's waivers that cover a finding, and return their rules."""
    rules = _load_rules(repository, settings)
    rule_names = next((rule.words for rule in rules if rule.id == finding.rule), (finding.name,))
    draft = known_draft(repository, topic.target, topic.base)
    waived_rules = tuple(
        waiver.rule
        for waiver in (draft_waivers(draft) if draft else ())
        if waiver.covers_finding(finding, rule_names)
    )
    take_back(repository, waived_rules, rules, topic.target, topic.base)
    return waived_rules


def _load_rules(repository: Repository, settings: Settings) -> Sequence[Rule]:
    return load_rules(read_own_packs(settings, find_settings_source(repository)))
