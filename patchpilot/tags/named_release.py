# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence from a release that the message names as the first one with the bug.

It supports commits that were first released with that release.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from patchpilot.history.releases import Release
from patchpilot.tags.rank_culprits import Candidate

TIMES = 2.0
"""How many times likelier such a candidate becomes.

Not fitted: of 600 known fixes two name a release, and one of them names the wrong one.
"""
_BEGAN = re.compile(
    r"\b(?:since|(?:introduced|regress\w*|broken|broke|appeared|began|started)\s+(?:in|with|since|from|between)|as\s+of"
    r"|starting\s+(?:with|from|in)|(?:upgrad|updat)\w+\s+(?:\w+\s+)?to|(?:regression|bug|breakage)\s+(?:in|since|from))\s+"
    r"(?:(?:the|at|least|release|version|kernel|kernels|linux|commit)\s+){0,3}v?(\d{1,9}(?:\.\d{1,9}){1,3})(?:-rc\d+)?(?!\w|\.\d|-\d)",
    re.IGNORECASE,
)


def releases_in(text: str) -> tuple[tuple[int, ...], ...]:
    """Returns the versions that a text names as the first with a bug, as tuples of numbers.

    For example, "broken since v5.4-rc2" gives (5, 4).
    """
    return tuple(
        dict.fromkeys(
            tuple(int(part) for part in match[1].split("."))
            for match in _BEGAN.finditer(text)
        )
    )


def weigh_release(
    candidates: Sequence[Candidate],
    text: str,
    first: Callable[[Candidate], Release | None],
) -> tuple[Candidate, ...]:
    """Returns the candidates with their confidence adjusted to the versions in the text, best
    first.

    Candidates first released with one of these versions become likelier, and all others less
    likely.
    """
    named = set(releases_in(text))
    if not named:
        return tuple(candidates)
    met = {
        candidate.commit: found
        for candidate in candidates
        if (found := first(candidate)) and found.numbers in named
    }
    if not met or len(met) == len(candidates):
        return tuple(candidates)
    raised = {
        candidate.commit: candidate.confidence
        * (TIMES if candidate.commit in met else 1.0)
        for candidate in candidates
    }
    whole = sum(candidate.confidence for candidate in candidates)
    # the share of "none of these" does not change
    scale = max(1.0, whole) / (sum(raised.values()) + max(0.0, 1.0 - whole))
    weighed = [
        replace(
            candidate,
            confidence=round(raised[candidate.commit] * scale, 3),
            evidence=(
                *candidate.evidence,
                *(
                    [
                        f"first released in {met[candidate.commit].name}, the release that the"
                        " message names"
                    ]
                    if candidate.commit in met
                    else []
                ),
            ),
        )
        for candidate in candidates
    ]
    return tuple(sorted(weighed, key=lambda one: -one.confidence))
