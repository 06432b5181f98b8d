# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors that compare a patch with the history.

They check whether its Fixes: tags are correct, and report nothing without history.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context, HistoryFacts
from patchpilot.lint.message_tags import same_person, tag_lines
from patchpilot.model.bounded_date import header_date
from patchpilot.model.finding import FindingFix
from patchpilot.model.fixes_line import read_fixes_value
from patchpilot.model.patch import Patch

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState
    from patchpilot.model.commit import Commit


@detector(
    "wrong-fixes",
    kinds=list,
)
def wrong_fixes(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a Fixes: tag that contradicts the history, as described in history/fixes_tag.py."""
    patch, history = context.patch, context.history
    if history is None:
        return
    from patchpilot.history.fixes_tag import Relations, judge_message

    lines = (patch.subject.title, *patch.message)
    relations = Relations(
        is_ancestor=partial(_is_ancestor, history, patch.commit),
        in_mainline=lambda target: history.is_ancestor_of_mainline(target.id),
        first_release=lambda target: history.first_release(target.id),
        own_release=(
            history.first_release(patch.commit)
            if patch.commit and history.find(patch.commit)
            else None
        ),
        series=context.series_fact("commits", _commits),
    )
    for judged in judge_message(lines, history.find, relations=relations):
        for problem in judged.problems:
            if problem.kind in arguments["kinds"]:
                # fixing a bug in the release that introduced it is normal
                case = (
                    "same-release-for-stable"
                    if problem.kind == "same-release" and _asks_for_stable(context)
                    else problem.kind
                )
                fix = (
                    FindingFix("suggest", judged.suggestion)
                    if judged.suggestion
                    else None
                )
                values = {
                    "commit": judged.tag.commit_id,
                    "release": relations.own_release or "",
                }
                yield make_hit(
                    patch.message_line + judged.tag.line - 1, case, None, fix, **values
                )
        if (
            judged.target
            and not patch.commit
            and (sent := _sent_date(patch))
            and judged.target.committed > sent + timedelta(days=1)
        ):
            when = f"{judged.target.committed:%Y-%m-%d}"
            yield make_hit(
                patch.message_line + judged.tag.line - 1,
                "newer",
                commit=judged.tag.commit_id,
                date=when,
            )


def _sent_date(patch: "Patch") -> datetime | None:
    """Return the date in the message's header."""
    return header_date(patch.header("Date") or "")


def _asks_for_stable(context: Context) -> bool:
    return any(
        re.search(r"\bstable@", tag.value)
        for _, tag in tag_lines(context)
        if tag.key == "cc"
    )


@detector(
    "committer-unsigned",
)
def committer_unsigned(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a commit without a sign-off by its committer, if that is not the author."""
    commit = (
        context.history.find(context.patch.commit)
        if context.history and context.patch.commit
        else None
    )
    if (
        commit is None
        or same_person(commit.committer, commit.author)
        or re.search(r"no-?reply@", commit.committer.email)
    ):
        return
    signed = [
        (line, tag.address)
        for line, tag in tag_lines(context)
        if tag.key == "signed-off-by"
    ]
    if signed and not any(
        one and same_person(commit.committer, one) for _, one in signed
    ):
        who = commit.committer.called
        yield make_hit(signed[-1][0], committer=who)


@detector("stable-unreleased")
def stable_unreleased(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report Cc: stable for a bug that no release contains."""
    history = context.history
    if history is None or not _asks_for_stable(context):
        return
    read = [
        read_fixes_value(tag.value)
        for _, tag in tag_lines(context)
        if tag.key == "fixes"
    ]
    targets = [
        history.find(one.id) for one in read if len(one.id) >= 7 and not one.word
    ]
    if targets and all(
        target and history.is_released(target.id) is False for target in targets
    ):
        line = next(
            line
            for line, tag in tag_lines(context)
            if tag.key == "cc" and "stable@" in tag.value
        )
        yield Hit(line)


@detector(
    "fixed-upstream",
)
def fixed_upstream(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a fix that mainline or a maintainer's tree already has.

    A commit that changes the same lines in another way is only a question.
    """
    state = _upstream(context)
    fixes = zip(context.series.patches, state.fixes if state else (), strict=False)
    fix = next((fix for patch, fix in fixes if patch is context.patch), None)
    if fix is None:
        return
    if state and state.stable and fix.in_mainline:
        way = f"patchpilot backport {fix.commit[:12]} --request"
    else:
        way = f"git show {fix.commit[:12]}"
    case = "" if fix.is_sure else "question"
    yield subject_hit(context, case, FindingFix("suggest", way), words=fix.words)


@detector(
    "stable-base",
)
def stable_base(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a series for mainline that is based on a stable branch."""
    state = _upstream(context)
    if state and state.stable and context.patch is context.series.patches[0]:
        fix = FindingFix("suggest", state.stable.rebase)
        yield subject_hit(context, "", fix, words=state.stable.words)


def _upstream(context: Context) -> "UpstreamState | None":
    history = context.history
    return (
        context.series_fact("upstream", history.upstream_state)
        if history and context.patch.has_diff
        else None
    )


def _commits(patches: Sequence[Patch]) -> tuple[str, ...]:
    return tuple(patch.commit for patch in patches if patch.commit)


def _is_ancestor(
    history: HistoryFacts, commit: str | None, target: "Commit"
) -> bool | None:
    return history.is_ancestor(target.id, commit) if commit else None
