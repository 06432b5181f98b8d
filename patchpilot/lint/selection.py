# SPDX-License-Identifier: GPL-2.0-or-later
"""Select the rules to run: by kernel version, profile, --select and --ignore."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from patchpilot.errors import nearest, unknown
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.rule import Kernel, Rule
from patchpilot.projects.loading import find_project


def unknown_rule_hint(word: str, choices: Iterable[str]) -> Advice:
    """Return a hint with the nearest rule name, if any, and the command that lists all rules."""
    listing = Action("explain", (), "run `{}` to list the rules")
    near = nearest(word.replace("_", "-"), choices)
    return Hint((f"did you mean {near!r}? ", listing)) if near else listing


_RELEASE_6_0, _CYCLE, _RELEASES = date(2022, 10, 2), timedelta(days=64), 20
"""When Linux 6.0 was released, the time to the next release, and the releases of a major one."""
OF_CODE = ("diff", "tree")
"""Scopes of the rules that follow the version of the tree."""


def is_in_force(rule: Rule, kernel: Kernel, profile: str) -> bool:
    """Return whether a rule applies to a kernel version and profile.

    A profile includes the rules of the profiles it inherits from.
    """
    if (rule.since and kernel < rule.since) or (rule.until and kernel > rule.until):
        return False
    return not rule.profiles or not set(find_project(profile).lineage).isdisjoint(
        rule.profiles
    )


def is_later(rule: Rule, sent: date) -> bool:
    """Return whether a rule on messages is newer than the message."""
    if rule.scope in OF_CODE or not rule.since:
        return False
    major, minor = rule.since
    return sent < _RELEASE_6_0 + _CYCLE * (_RELEASES * (major - 6) + minor)


def choose(
    rules: Iterable[Rule],
    *,
    kernel: Kernel,
    message_kernel: Kernel | None = None,
    profile: str,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[Rule, ...]:
    """Return the selected, active rules.

    `kernel` is the version for rules on code, `message_kernel` the one for all other rules (by
    default the same). A selector is a rule's id or name, a checkpatch type or a pack, in any case.
    Raise UsageError for an unknown one.
    """
    everything = tuple(rules)
    selected, ignored = (
        _check_known(select, everything),
        _check_known(ignore, everything),
    )
    return tuple(
        rule
        for rule in everything
        if is_in_force(
            rule,
            kernel if rule.scope in OF_CODE else message_kernel or kernel,
            profile,
        )
        and (not selected or not selected.isdisjoint(map(str.lower, rule.words)))
        and ignored.isdisjoint(map(str.lower, rule.words))
    )


def verify(words: Sequence[str], rules: Sequence[Rule]) -> None:
    """Raise UsageError for the first word in --select or --ignore that matches no rule."""
    _check_known(words, rules)


def _check_known(words: Sequence[str], rules: Sequence[Rule]) -> frozenset[str]:
    if not words:
        return frozenset()
    known = {word.lower(): word for rule in rules for word in rule.words}
    for word in words:
        if word.lower() not in known:
            raise unknown(
                "rule",
                word,
                known.values(),
                hint=unknown_rule_hint(word, known.values()),
            )
    return frozenset(word.lower() for word in words)
