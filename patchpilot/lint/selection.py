# SPDX-License-Identifier: GPL-2.0-or-later
"""Which rules run: by kernel version, profile, and the words of --select and --ignore."""

from collections.abc import Iterable, Sequence

from patchpilot.errors import unknown
from patchpilot.lint.rule import Kernel, Rule


def choose(
    rules: Iterable[Rule], *, kernel: Kernel, profile: str, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """The rules in force that were asked for; a word is an id, a name, a checkpatch type or a pack, whatever its case. UsageError for an unknown one."""
    everything = tuple(rules)
    wanted, unwanted = _known(select, everything), _known(ignore, everything)
    return tuple(
        rule
        for rule in everything
        if rule.in_force(kernel, profile)
        and (not wanted or any(word.lower() in wanted for word in rule.words))
        and not any(word.lower() in unwanted for word in rule.words)
    )


def verify(words: Sequence[str], rules: Sequence[Rule]) -> None:
    """Whether every word of a --select or --ignore names something; UsageError for the first that does not."""
    _known(words, rules)


def _known(words: Sequence[str], rules: Sequence[Rule]) -> frozenset[str]:
    if not words:
        return frozenset()
    known = {word.lower(): word for rule in rules for word in rule.words}
    for word in words:
        if word.lower() not in known:
            raise unknown("rule", word, known.values())
    return frozenset(word.lower() for word in words)
