# SPDX-License-Identifier: GPL-2.0-or-later
"""The features from which the confidence of an adaptation is computed."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.tokens import key
from patchpilot.backports.adapt.units import code_lines, is_code

_TAB = 8
_NO_STATEMENT = re.compile(r"[}{#]|else\b|case\b|default\b|\w+:")


def features_of(
    files: Mapping[str, AdaptedFile], unknown: Collection[str], fix_lines: int
) -> dict[str, float]:
    """Returns a feature name → value mapping for an adaptation.

    Features are the methods that were needed, the size of the conflicts and of the fix, and the
    names that the branch does not know.

    `fix_lines` is the number of lines that the fix adds and removes; `changed` is how many of
    them conflict; `own` is the number of lines that only the branch has there. `crooked` counts
    lines that follow a line that precedes them on neither side and that are not indented as that
    line requires. `disagreed` is set if merging names in parts and as whole tokens gives
    different results, `elsewhere` if placing the changes by their context lines gives a different
    result. `spaces` is set if the lines differ in whitespace only.
    """
    features: dict[str, float] = defaultdict(float)
    carried = [(path, one) for path, file in files.items() for one in file.carried]
    changed = own = crooked = 0
    for ours, base, theirs in {
        (path, one.line): (one.ours, one.base, one.theirs) for path, one in carried
    }.values():
        mine, old, new = (Counter(map(key, side)) for side in (ours, base, theirs))
        own += (mine - old).total()
        changed += (new - old).total() + (old - new).total()
        features["added"] = max(
            features["added"], math.log1p(max(0, len(theirs) - len(base)))
        )
    for path, file in files.items():
        if is_code(path) and file.ours is not None:
            crooked += len(
                _crooked(file.made) - _crooked(file.ours) - _crooked(file.theirs)
            )
    features["spaces"] = not carried
    features["disagreed"] = not all(one.is_agreed for _, one in carried)
    features["elsewhere"] = not all(file.is_confirmed for file in files.values())
    features["changed"] = math.log1p(changed)
    features["own"] = math.log1p(own)
    features["crooked"] = math.log1p(crooked)
    features["ways"] = max(0, len({one.how for _, one in carried}) - 1)
    features["unknown"] = len(unknown)
    features["fix_lines"] = math.log1p(fix_lines)
    return {name: value for name, value in features.items() if value}


def _crooked(lines: Sequence[str]) -> set[tuple[str, str]]:
    """The statements right below a `{` or another statement whose indentation does not fit it, each
    with the line above.
    """
    wide = (line.expandtabs(_TAB) for line in code_lines(lines) if line.strip())
    code = [(len(line) - len(line.lstrip()), line.strip()) for line in wide]
    found: set[tuple[str, str]] = set()
    for (_, before), (above, text), (width, below) in zip(
        code, code[1:], code[2:], strict=False
    ):
        if _NO_STATEMENT.match(below):
            continue
        if (text.endswith("{") and width <= above) or (
            text.endswith(";") and before.endswith((";", "{", "}")) and width != above
        ):
            found.add((text, below))
    return found
