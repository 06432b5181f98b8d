# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as JSON: `patchpilot/check/1`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.checking.answer import (
    CheckAnswer,
    summarize_patch_fixes,
)
from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.json_document import format_json
from patchpilot.model.json_form import json_object

if TYPE_CHECKING:
    from patchpilot.checking.apply_fixes import FixResult
    from patchpilot.reviewers.review import ProgramReview


def render(
    result: CheckResult,
    fixes: "FixResult | None" = None,
    reviews: Sequence["ProgramReview"] = (),
) -> str:
    """Return the JSON document of a check.

    `fixes` adds the results of --fix or --diff. `reviews` adds the results of --review.
    """
    answer = json_object(CheckAnswer(result, fixes))
    if fixes:
        for patch, fixed_patch in zip(answer["patches"], fixes.patches, strict=True):
            patch |= json_object(summarize_patch_fixes(fixes, fixed_patch))
    extra_keys = {"reviews": reviews} if reviews else {}
    return format_json("check", answer, extra_keys) + "\n"
