# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for the messages of reverts."""

import re
from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.model.trailer import is_trailer


@detector("revert-reason", fewest=int)
def revert_reason(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a revert without the full commit id, or with a reason of fewer than `fewest`
    words.
    """
    patch = context.patch
    if not re.match(r'^Revert "', patch.subject.title) or not patch.has_diff:
        return
    if patch.subject.for_stable or re.search(
        r"\bupstream\b", "\n".join(patch.message), re.IGNORECASE
    ):
        return
    text = " ".join(line for line in patch.message if not is_trailer(line))
    named = re.search(r"\b(?:This reverts|[Rr]everts?) commits? ([0-9a-f]{7,40})", text)
    if not re.search(r"\b[0-9a-f]{12,40}\b", text):
        yield subject_hit(context, "no-commit")
    elif (
        named
        and len(
            re.findall(
                r"[A-Za-z]{2,}",
                re.sub(r"This reverts commits? \w+|\(\".*?\"\)", "", text),
            )
        )
        < arguments["fewest"]
    ):
        yield hit_on(patch.message_line, "no-reason")
