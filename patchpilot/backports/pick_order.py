# SPDX-License-Identifier: GPL-2.0-or-later
"""Rank the fixes that a branch lacks by what its maintainers are likely to pick.

The weights were fitted to the later picks of DPDK's long-term branches, and evaluated on other
branches (docs/reference/quality.md). No verdict is needed, so that fixes are judged in this order.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.history.missing_fixes import MissingFix, MissingFixes, read_prefix
from patchpilot.model.commit import MARKS

_BUILD = lazy_pattern(r"build|compil|warning|gcc|clang|meson|include", re.IGNORECASE)
_MEMORY = lazy_pattern(
    r"use.after.free|uaf\b|double.free|out.of.bound|overflow|overrun|null.pointer|null.deref|leak"
    r"|segfault|segmentation|crash|panic|oops|corrupt|cve-|uninit",
    re.IGNORECASE,
)
_FEW = 4
_SETTLED = 0.95


class _Signal(NamedTuple):
    """A number that is added to the logarithm of the odds that a fix is picked, and the reason."""

    weight: float
    reason: str


def rank_fixes(
    repository: Repository, found: MissingFixes, fixes: Sequence[MissingFix]
) -> list[MissingFix]:
    """Return the fixes with rank, reasons and subject, the one most likely to be picked first.

    `fixes` are in the order of mainline; of equal fixes, the latest is first.
    """
    picks = found.picks
    settled = picks[int(len(picks) * _SETTLED)] if picks else -1
    messages = [repository.commit(fix.commit) for fix in fixes]
    prefixes = [read_prefix(commit.subject) for commit in messages]
    left = Counter(
        prefix for fix, prefix in zip(fixes, prefixes, strict=True) if fix.number <= settled
    )
    usual = (found.prefixes.total() + 1) / (found.prefixes.total() + left.total() + 2)
    scored = []
    for fix, commit, prefix in zip(fixes, messages, prefixes, strict=True):
        picked, total = found.prefixes[prefix], found.prefixes[prefix] + left[prefix]
        rate = (picked + _FEW * usual) / (total + _FEW)
        signals = [
            _weigh_age(len(picks) - bisect_right(picks, fix.number), len(picks)),
            _weigh_message(commit.message),
            _Signal(
                math.log(rate / (1 - rate)) / 4,
                f"{picked} of {total} commits of {prefix} were picked" if prefix and total else "",
            ),
            *_weigh_subject(commit.subject),
        ]
        if fix.commit in found.fixed_again:
            signals.append(_Signal(-0.75, "it was fixed later"))
        if fix.is_carried:
            signals.append(_Signal(-1, "its bug is a backport's"))
        reasons = tuple(signal.reason for signal in signals if signal.reason)
        score = sum(signal.weight for signal in signals)
        scored.append((score, fix._replace(subject=commit.subject, rank_reasons=reasons)))
    scored.sort(key=lambda row: (-row[0], -row[1].number))
    return [fix._replace(rank=number) for number, (_, fix) in enumerate(scored, 1)]


def _weigh_age(later: int, total: int) -> _Signal:
    """Weigh the number of picked commits after a fix in mainline: it was passed over then."""
    if not total:
        return _Signal(0, "")
    reason = f"{later} later commits were picked" if later else "newer than all picked commits"
    return _Signal(-math.log1p(later), "1 later commit was picked" if later == 1 else reason)


def _weigh_message(message: str) -> _Signal:
    mark = "Cc: stable"
    is_tagged = compile_cached(MARKS[mark], re.MULTILINE).search(message)
    return _Signal(2.5, mark) if is_tagged else _Signal(0, f"no {mark}")


def _weigh_subject(subject: str) -> list[_Signal]:
    signals = [_Signal(0.75, "about a build")] if _BUILD.search(subject) else []
    return [*signals, _Signal(0.5, "a crash or leak")] if _MEMORY.search(subject) else signals
