# SPDX-License-Identifier: GPL-2.0-or-later
"""The features from which the confidence of an adaptation is computed."""

import math
from collections import Counter
from collections.abc import Mapping

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.three_way import How
from patchpilot.backports.adapt.tokens import key


def features_of(files: Mapping[str, AdaptedFile], fix_lines: int) -> dict[str, float]:
    """Return a feature name → value mapping for an adaptation.

    `own` is the number of lines that only the branch has at the conflicts, `ways` the number of
    methods that were needed besides the first, `fix_lines` the number of lines that the fix adds
    and removes. Files that are lists are left out.
    """
    carried = [
        (path, one)
        for path, file in files.items()
        for one in file.carried
        if one.how is not How.LISTED
    ]
    own = sum(
        (Counter(map(key, one.ours)) - Counter(map(key, one.base))).total()
        for one in {(path, one.line): one for path, one in carried}.values()
    )
    features = {
        "own": math.log1p(own),
        "ways": max(0.0, len({one.how for _, one in carried}) - 1.0),
        "fix_lines": math.log1p(fix_lines),
    }
    return {name: value for name, value in features.items() if value}
