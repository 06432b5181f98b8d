# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether a commit fixes a bug.

The author's answer takes precedence over the commit message. `prepare`, `stable`, `fixes` and the
TUI all use this result.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import parse_tag
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import (
    explains_missing_fixes,
    find_fix_claim,
    may_fix_bug,
)
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Patch
from patchpilot.projects.commit_marks import find_upstream_commits
from patchpilot.series.draft import Drafts
from patchpilot.topic.read_series import has_drafts

NO_BUG = "its message names no bug"
"""The reason why a commit is no fix if the author did not answer."""
UNCLAIMED = "its message describes a failure, but claims no fix"
"""The same if it is unclear whether the commit is a fix."""
_ANSWER = "fix "
"""Prefix of the key of such an answer in a draft. The author date and the subject follow, because
amending and rebasing preserve them.
"""

_GUESS = "guessed Fixes: "
"""Prefix of the key of a guessed tag in a draft. The first digits of the commit id in the tag and
the author date of the fix follow.
"""
_ID_DIGITS = 12


class FixJudgement(NamedTuple):
    """The decision whether a commit fixes a bug; if it does not, this includes the reason."""

    is_fix: bool
    reason: str = ""
    unclear: bool = False

    @property
    def rules_out_bug(self) -> bool:
        """Return whether the author or the message leaves no doubt that it is not a fix."""
        return not (self.is_fix or self.unclear)


def judge_fix(repository: Repository, commit: Commit, patch: Patch | None = None) -> FixJudgement:
    """Decide whether a commit is a fix.

    Pass the patch if it was already read. A Fixes: tag in the message counts as the author's answer
    that the commit is a fix.
    """
    answer = _read_answers(repository).get(_fix_answer_key(commit))
    if answer:
        return judge_author_answer(answer == "yes")
    if any(parse_tag(line) for line in commit.lines[1:]):
        return FixJudgement(True)
    message = commit.subject, commit.lines[1:]
    if not (find_fix_claim(*message) or may_fix_bug(*message)):
        # the changed files cannot make it a fix
        return FixJudgement(False, NO_BUG)
    changes = patch.files if patch else ()
    if patch is None and len(commit.parents) == 1:
        from patchpilot.commits.fix_commit import FixCommit

        changes = FixCommit(repository, commit).files
    paths = tuple(change.path for change in changes)
    if find_fix_claim(*message, paths):
        return FixJudgement(True)
    is_unclear = may_fix_bug(*message, paths) and not find_upstream_commits(commit.message)
    return FixJudgement(False, UNCLAIMED if is_unclear else NO_BUG, is_unclear)


def find_main_fix(repository: Repository, commits: Sequence[Commit]) -> int:
    """Return the index of the commit whose tags and backports a topic is about.

    This is the first one with a Fixes: tag, otherwise the first one with Cc: stable or with a
    message that claims a fix, otherwise the last one.
    """
    if len(commits) == 1:
        # this needs no git process
        return 0
    return _choose_fix([_rank_fix(repository, commit) for commit in commits])


def _choose_fix(ranks: Sequence[tuple[bool, bool, bool]]) -> int:
    best = max(ranks)
    return ranks.index(best) if any(best) else len(ranks) - 1


def _rank_fix(repository: Repository, commit: Commit) -> tuple[bool, bool, bool]:
    is_fix = judge_fix(repository, commit).is_fix
    return bool(commit.tags("Fixes")), _is_for_stable(commit), is_fix


def _is_for_stable(commit: Commit) -> bool:
    return any("stable@" in tag.value for tag in commit.tags("Cc"))


def describe_main_fix(repository: Repository, commits: Sequence[Commit], shown: Commit) -> str:
    """Return a line that names the main fix if `shown` is no fix, but another commit is, or ""."""
    if not commits or tuple(commits) == (shown,):
        return ""
    ranks = {commit: _rank_fix(repository, commit) for commit in dict.fromkeys((*commits, shown))}
    index = _choose_fix([ranks[commit] for commit in commits])
    if any(ranks[shown]) or not any(ranks[commits[index]]):
        return ""
    return f"{_number_commit(commits, index)} is the fix"


def explain_no_backport(
    repository: Repository, commits: Sequence[Commit], shown: Commit, culprit: str = ""
) -> str:
    """Return why there is nothing to backport for a topic's commit, or "".

    If the author did not answer, a commit is still backported if the commit that introduced the bug
    is known, if it has Cc: stable, or if it is in mainline.
    """
    from patchpilot.topic.upstream_state import is_in_mainline

    judgement = judge_fix(repository, shown)
    main = "" if culprit else describe_main_fix(repository, commits, shown)
    is_denied = _read_answers(repository).get(_fix_answer_key(shown)) == "no"
    is_wanted = culprit or _is_for_stable(shown) or not judgement.rules_out_bug
    if not (is_denied or main) and (is_wanted or is_in_mainline(repository, shown.id)):
        return ""
    return "; ".join(filter(None, (f"{judgement.reason}: nothing to backport", main)))


def _number_commit(commits: Sequence[Commit], index: int) -> str:
    return f'{index + 1}/{len(commits)} "{commits[index].subject}"'


def describe_untagged_fix(
    repository: Repository, commits: Sequence[Commit], shown: Commit | None = None
) -> str:
    """Return a line that names the first fix without a Fixes: tag, except `shown`, or ""."""
    return next(
        (
            f"{_number_commit(commits, index)} has no Fixes: tag"
            for index, commit in enumerate(commits)
            if commit != shown
            and not commit.tags("Fixes")
            and judge_fix(repository, commit).is_fix
            and not explains_missing_fixes(commit.lines)
            and not find_upstream_commits(commit.message)
        ),
        "",
    )


def judge_author_answer(is_fix: bool) -> FixJudgement:
    """Return the decision that follows from the author's answer."""
    return FixJudgement(is_fix, "" if is_fix else "you answered that it is not a fix")


def record_fix_answer(
    repository: Repository,
    commits: Sequence[Commit],
    is_fix: bool | None,
    *,
    target: str | None = None,
    base: str | None,
) -> Draft:
    """Record in the topic's draft whether these commits are fixes, and return the draft.

    If `is_fix` is None, delete the answers.
    """
    from patchpilot.topic.find import find_containing_draft

    draft = find_containing_draft(repository, target, base)
    keys = {_fix_answer_key(commit) for commit in commits}
    home = repository.key
    with Drafts() as drafts:
        for other in drafts.all(home):
            if keys & set(other.answers) and other.change_id != draft.change_id:
                drafts.save(replace(other, answers=_drop_answers(other.answers, keys)))
        remaining = _drop_answers(draft.answers, keys)
        answers = {} if is_fix is None else dict.fromkeys(keys, "yes" if is_fix else "no")
        return drafts.keep(draft, replace(draft, answers={**remaining, **answers}), "answered")


def record_guessed_tags(
    repository: Repository,
    guesses: Mapping[tuple[str, Commit], str],
    *,
    target: str | None = None,
    base: str | None = None,
) -> None:
    """Record in the topic's draft that Fixes: tags name guessed commits.

    `guesses` maps the ids in the tags, with the commits that have the tags, to reasons for doubt.
    """
    from patchpilot.topic.find import find_containing_draft

    draft = find_containing_draft(repository, target, base)
    added = {_make_guess_key(*names): doubt for names, doubt in guesses.items()}
    with Drafts() as drafts:
        drafts.keep(draft, replace(draft, answers={**draft.answers, **added}), "answered")


def explain_guessed_tag(repository: Repository, introduced_by: str, fixes: Iterable[str]) -> str:
    """Return why a commit in the Fixes: tags of these fixes is only a guess, or ""."""
    answers = _read_answers(repository)
    keys = (_make_guess_key(introduced_by, repository.commit(fix)) for fix in fixes if answers)
    return next((answers[key] for key in keys if key in answers), "")


def _make_guess_key(introduced_by: str, fix: Commit) -> str:
    return f"{_GUESS}{introduced_by[:_ID_DIGITS]} {fix.author_time}"


def _drop_answers(answers: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in answers.items() if name not in keys}


def list_denied_subjects(answers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the subjects of commits that the draft declares not to be fixes."""
    return tuple(
        name.split(" ", 2)[2]
        for name, value in answers.items()
        if name.startswith(_ANSWER) and value == "no"
    )


def describe_fix_answer(name: str, value: str) -> str:
    """Describe the author's answer to whether a commit is a fix, or a guessed tag.

    Return "" if the answer is to another question.
    """
    if name.startswith(_GUESS):
        return f"Fixes: {name.removeprefix(_GUESS).partition(' ')[0]} is a guess: {value}"
    if not name.startswith(_ANSWER):
        return ""
    return f"{name.split(' ', 2)[2]}: {'a fix' if value == 'yes' else 'not a fix'}"


def drop_denials(answers: Mapping[str, str]) -> dict[str, str]:
    """Remove the answers that declare a commit not to be a fix."""
    return {
        name: value
        for name, value in answers.items()
        if not (name.startswith(_ANSWER) and value == "no")
    }


def _fix_answer_key(commit: Commit) -> str:
    return f"{_ANSWER}{commit.author_time} {commit.subject}"


def _read_answers(repository: Repository) -> dict[str, str]:
    if not has_drafts():
        return {}
    with Drafts() as drafts:
        saved_drafts = drafts.all(repository.key)
    return {
        name: value
        for draft in reversed(saved_drafts)
        for name, value in draft.answers.items()
        if name.startswith((_ANSWER, _GUESS))
    }
