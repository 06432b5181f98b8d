# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the mood of a commit message.

It should be imperative, and not describe the patch or its author.
"""

import re
from collections.abc import Iterator
from functools import cache

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import paragraphs
from patchpilot.lint.word_lists import imperative_of


@cache
def _this_patch() -> re.Pattern[str]:
    return compile_cached(
        r"\b(?:[Tt]his|[Tt]he(?= following) following) (?:small |simple |tiny |single )?(?P<what>patch(?:set| set|[ -]series)?"  # noqa: E501
        r"|commit|submission)\b(?! (?:was|is|has been) (?:introduced|reverted|applied))"
        r"|^[Tt]h(?:e|is) (?P<other>patch|series|fix|commit) (?=(?:adds|fixes|changes|removes|introduces|implements|makes|updates|replaces"  # noqa: E501
        r"|moves|converts|enables|does|is to|aims|tries|will|corrects|addresses|resolves|solves)\b)"
    )


@detector(
    "this-patch",
)
def this_patch(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report "this patch adds" and similar: the message should use the imperative."""
    reverts = context.patch.subject.title.startswith("Revert ")
    for paragraph in paragraphs(context):
        if re.match(r"This reverts commit\b", paragraph.text):
            continue
        for found in _this_patch().finditer(paragraph.text):
            what = found["what"] or found["other"]
            # in a revert, "this commit" is the reverted one
            if reverts and what == "commit":
                continue
            yield make_hit(
                paragraph.line_at(found.start()), "patch", quoted=found[0], what=what
            )
            return
    first = next(iter(paragraphs(context)), None)
    opening = (
        re.match(r"This (?:also |now )?(?P<verb>[a-z]+s)\b(?! commit\b)", first.text)
        if first
        else None
    )
    if first and opening and imperative_of(opening["verb"]):
        order = (imperative_of(opening["verb"]) or "").capitalize()
        yield make_hit(first.start, "this", quoted=opening[0], verb=order)
