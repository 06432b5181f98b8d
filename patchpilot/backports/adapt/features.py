# SPDX-License-Identifier: GPL-2.0-or-later
"""What the confidence of an adaptation is computed from."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.tokens import key


def features_of(files: Mapping[str, AdaptedFile], unknown: Collection[str], fix_lines: int) -> dict[str, float]:
    """Name → number: the ways that were needed, how large the conflicts and the fix are, what is unknown to the branch.

    `fix_lines` is the number of lines that the fix adds and removes; `made_up` counts the lines that neither the branch nor the fix has.
    """
    features: dict[str, float] = defaultdict(float)
    carried = [(path, one) for path, file in files.items() for one in file.carried]
    for _, one in carried:
        features[f"has_{one.way}"] = 1.0
        features["block"] = max(features["block"], math.log1p(max(len(one.ours), len(one.base))))
        features["added"] = max(features["added"], math.log1p(max(0, len(one.theirs) - len(one.base))))
    made_up = 0
    for file in files.values():
        known = {key(line) for side in (file.ours or (), file.theirs) for line in side}
        made_up += sum(key(line) not in known for line in file.made)
    features["made_up"] = math.log1p(made_up)
    features["ways"] = max(0, len({one.way for _, one in carried}) - 1)
    features["conflicts"] = math.log1p(len({(path, one.line) for path, one in carried}))
    features["unknown"] = len(unknown)
    features["fix_lines"] = math.log1p(fix_lines)
    return {name: value for name, value in features.items() if value}
