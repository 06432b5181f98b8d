# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as JSON: `patchpilot/check/1`."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.json_document import document
from patchpilot.model.json_form import json_object
from patchpilot.services.check.check_answer import (
    CheckFix,
    PatchFixes,
    check_head,
    check_tail,
)

if TYPE_CHECKING:
    from patchpilot.services.review.review_patches import Review


def render(
    result: CheckResult,
    fix: CheckFix | None = None,
    fixes: Sequence[PatchFixes] = (),
    reviews: Sequence["Review"] = (),
) -> str:
    """Return the JSON document of a check.

    `fix` and `fixes` are the additions of --fix and --diff to the document and to each patch,
    `reviews` those of --review.
    """
    patches = [
        json_object(checked) | (json_object(more) if more else {})
        for checked, more in zip_longest(result.patches, fixes)
    ]
    tail = check_tail(result, result.counts, len(result.patches), fix)
    more = {"reviews": reviews} if reviews else {}
    return (
        document("check", check_head(result), {"patches": patches}, tail, more) + "\n"
    )
