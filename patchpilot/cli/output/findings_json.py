# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as JSON: `patchpilot/check/1`."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.json_document import check_parts
from patchpilot.model.json_form import json_object
from patchpilot.services.check.check_answer import (
    CheckFix,
    PatchFixes,
    check_head,
    check_tail,
)

if TYPE_CHECKING:
    from patchpilot.checking.check_patches import CheckedOneByOne


def render(
    result: CheckResult, fix: CheckFix | None = None, fixes: Sequence[PatchFixes] = ()
) -> str:
    """Return the JSON document of a check.

    `fix` and `fixes` are the additions of --fix and --diff to the document and to each patch.
    """
    patches = (
        json_object(checked) | (json_object(more) if more else {})
        for checked, more in zip_longest(result.patches, fixes)
    )
    tail = check_tail(result, result.counts, len(result.patches), fix)
    return "".join(check_parts(check_head(result), patches, lambda: tail))


def parts(checked: "CheckedOneByOne") -> Iterator[str]:
    """Yield the JSON document in parts while the patches are being checked."""
    yield from check_parts(
        check_head(checked),
        map(json_object, checked),
        lambda: check_tail(checked.result, checked.counts, checked.length),
    )
