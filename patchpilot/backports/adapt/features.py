# SPDX-License-Identifier: GPL-2.0-or-later
"""The features from which the confidence of an adaptation is computed."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.three_way import How
from patchpilot.backports.adapt.tokens import key


def features_of(
    files: Mapping[str, AdaptedFile], unknown: Collection[str], fix_lines: int
) -> dict[str, float]:
    """Returns a feature name → value mapping for an adaptation.

    Features are the methods that were needed, the size of the conflicts and of the fix, and the
    names that the branch does not know.

    `fix_lines` is the number of lines that the fix adds and removes; `changed` is how many of
    them conflict; `own` is the number of lines that only the branch has there. `spaces` is set if
    the lines differ in whitespace only. Files that are lists are left out.
    """
    features: dict[str, float] = defaultdict(float)
    carried = [
        (path, one)
        for path, file in files.items()
        for one in file.carried
        if one.how is not How.LISTED
    ]
    changed = own = 0
    for ours, base, theirs in {
        (path, one.line): (one.ours, one.base, one.theirs) for path, one in carried
    }.values():
        mine, old, new = (Counter(map(key, side)) for side in (ours, base, theirs))
        own += (mine - old).total()
        changed += (new - old).total() + (old - new).total()
        features["added"] = max(
            features["added"], math.log1p(max(0, len(theirs) - len(base)))
        )
    features["spaces"] = not carried
    features["changed"] = math.log1p(changed)
    features["own"] = math.log1p(own)
    features["ways"] = max(0, len({one.how for _, one in carried}) - 1)
    features["unknown"] = len(unknown)
    features["fix_lines"] = math.log1p(fix_lines)
    return {name: value for name, value in features.items() if value}
