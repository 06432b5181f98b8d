# SPDX-License-Identifier: GPL-2.0-or-later
"""Report how a backport differs from the commit that its message names."""

from typing import TYPE_CHECKING

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.detector import Arguments, Hit, Hits, detector
from patchpilot.lint.detectors.generic import make_subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.projects.commit_marks import list_named_commits

if TYPE_CHECKING:
    from patchpilot.model.origin import Origin

_WORD = lazy_pattern(r"\w+")


@detector(
    "origin-differs",
    kinds=list,
)
def differences_from_origin(context: Context, arguments: Arguments) -> Hits:
    """Report the differences of these kinds between a backport and its origin.

    Differences in the lines are reported only if no note explains them.
    """
    origin = _find_origin(context)
    unexplained = origin.unexplained if origin else ()
    for each in origin.differences if origin else ():
        if each.kind not in arguments["kinds"] or (each.is_in_lines and each not in unexplained):
            continue
        if not each.patch_line and not each.path:
            yield make_subject_hit(context, each.kind, words=each.message)
        else:
            path, values = each.path or None, {"words": each.message}
            yield Hit(each.patch_line, path, each.line, case=each.kind, values=values)


@detector(
    "origin-follow-ups",
)
def commits_that_correct_the_origin(context: Context) -> Hits:
    """Report the later commits that revert or fix the origin and that the branch lacks.

    The backports in the series count as commits of the branch.
    """
    origin = _find_origin(context)
    if not origin or not origin.follow_ups:
        return
    own = tuple(id_ for patch in context.series.patches for id_ in list_named_commits(patch))
    for follower in origin.follow_ups:
        if own and follower.commit.startswith(own):
            continue
        words = follower.describe_relation(origin.commit.id)
        yield make_subject_hit(context, follower.kind, commit=follower.reference, relation=words)


@detector(
    "origin-unknown-calls",
)
def calls_that_the_branch_does_not_have(context: Context) -> Hits:
    """Report calls of functions that neither the branch nor another patch of the series has."""
    origin = _find_origin(context)
    if not origin or not origin.unknown_calls:
        return
    others = [patch for patch in context.series.patches if patch is not context.patch]
    named = {
        word
        for patch in others
        for change in patch.files
        for line in change.lines("+")
        for word in _WORD.findall(line.text)
    }
    for call in origin.unknown_calls:
        if call.name not in named:
            yield Hit(call.patch_line, call.path, call.line, values={"function": call.name})


def _find_origin(context: Context) -> "Origin | None":
    return context.history.compare_with_origin(context.patch) if context.history else None


@detector(
    "required-tags",
)
def missing_required_tags(context: Context) -> Hits:
    """Report each tag that the project requires and the message lacks."""
    for tag in context.project.tags.required:
        if context.patch.has_diff and not _has_tag(context, tag):
            yield make_subject_hit(context, tag=tag)


def _has_tag(context: Context, name: str) -> bool:
    start = f"{name.lower()}:"
    return any(line.strip().lower().startswith(start) for line in context.patch.message)
