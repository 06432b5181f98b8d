# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `prepare` command: add tags to the messages of a commit or topic.

Each rewrite is recorded so that `undo` can revert it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from patchpilot.commits import rewrite
from patchpilot.commits.message_edit import MessageEdits, apply_message_edits
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.trailer import find_tags
from patchpilot.projects.loading import detect, find_project
from patchpilot.projects.project import Project
from patchpilot.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
    format_same_series_note,
)
from patchpilot.tags.fix_claims import (
    judge_author_answer,
    judge_fix,
    record_fix_answer,
    record_guessed_tags,
)
from patchpilot.tags.rank_culprits import LIKELY, format_fixes_tag
from patchpilot.tags.report_trailers import (
    DEVELOPER,
    find_untagged_reports,
    format_regzbot_introduced,
    parse_typed_trailers,
)
from patchpilot.tags.stable_request_tag import (
    StableRequest,
    propose_stable_tags,
)
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.message_changes import (
    Confirm,
    MessageChange,
    Preparation,
    write_messages,
)
from patchpilot.topic.undisclosed_commits import is_undisclosed_commit

Choose = Callable[[Commit, FixesResult], str | None]
"""Returns the commit to name in the Fixes: tag of a commit with several candidates, or None."""


def choose_none(commit: Commit, result: FixesResult) -> None:
    """Name no commit."""


@dataclass(frozen=True, slots=True)
class PrepareRequest:
    """The commits to prepare and the tags to write.

    `target` is a commit or range; None means the topic. `fixes` is "auto", "none" or a list of
    commits, and `stable` is "auto" or "none". `trailers` contains lines with tags, links
    and Message-IDs that the user pasted. `overrides` allows rewrites that
    `rewrite.refuse_unsafe_rewrite` rejects. With `dry_run`, nothing is written. `is_fix` is the
    author's answer to whether the commits are fixes, which is saved with the topic; None means that
    the author did not answer. `choose` is called for each fix without a certain candidate. `doubt`
    is why the commits in `fixes` are only a guess. With `replaces`, the Fixes: tags of other
    commits are removed.
    """

    target: str | None = None
    base: str | None = None
    profile: str = ""
    fixes: tuple[str, ...] = ("auto",)
    stable: str = "auto"
    trailers: tuple[str, ...] = ()
    regression: bool = False
    signoff: bool = False
    is_fix: bool | None = None
    dry_run: bool = False
    overrides: tuple[str, ...] = ()
    choose: Choose = choose_none
    doubt: str = ""
    replaces: bool = False


def prepare_commit_tags(
    repository: Repository,
    request: PrepareRequest,
    *,
    confirm: Confirm = lambda _: True,
    progress: Progress = ignore_progress,
) -> Preparation:
    """Plan the tags of each commit, and write them if `confirm` accepts the plan.

    If `dry_run` is set in the request, nothing is written. Raise `RefusedError` if the rewrite is
    unsafe (see `rewrite.refuse_unsafe_rewrite`).
    """
    ref, head = rewrite.find_branch_to_rewrite(repository, request.target)
    ids = list_topic_commits(repository, request.target, request.base)
    for id_ in ids:
        if len(repository.commit(id_).parents) > 1:
            raise UsageError(
                f"{id_[:12]} is a merge: tags belong in the merged commits",
                hint="pass one of the merged commits, or a range A..B",
            )
    if request.is_fix is not None and not request.dry_run:
        record_fix_answer(
            repository,
            [repository.commit(id_) for id_ in ids],
            request.is_fix,
            target=request.target,
            base=request.base,
        )
    changes = plan_message_changes(repository, ids, request, progress)
    written = write_messages(
        repository,
        Preparation(ref, head, changes),
        "prepare",
        dry_run=request.dry_run,
        overrides=request.overrides,
        confirm=confirm,
    )
    guesses = {
        (tag.value, repository.commit(change.commit)): change.doubt
        for change in written.changed
        if written.written and change.doubt
        for tag in find_tags(change.new.split("\n"), "Fixes")
        if str(tag) not in change.old.split("\n")
    }
    if guesses:
        # a target may be the id of a commit that was rewritten
        target = written.ids.get(request.target or "", request.target)
        record_guessed_tags(repository, guesses, target=target, base=request.base)
    return written


def plan_message_changes(
    repository: Repository,
    ids: Sequence[str],
    request: PrepareRequest,
    progress: Progress = ignore_progress,
) -> tuple[MessageChange, ...]:
    """Return the new message of each commit, without changing any commit."""
    return tuple(
        _plan_commit_message(repository, repository.commit(id_), request, ids, progress)
        for id_ in ids
    )


@dataclass(slots=True)
class _NewMessage:
    """The parts of a new message.

    They are the trailers to add, the lines to replace (by index; "" removes the line), and notes
    that explain decisions. `doubt` is why the commits in the added Fixes: tags are only a guess.
    With `replaces`, the tags of the commits that the user names replace the others.
    """

    trailers: list[tuple[str, str]] = field(default_factory=list)
    replaced: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubt: str = ""
    replaces: bool = False


def _plan_commit_message(
    repository: Repository,
    commit: Commit,
    request: PrepareRequest,
    topic_ids: Sequence[str],
    progress: Progress,
) -> MessageChange:
    """Write a commit's new message; `topic_ids` contains the commits that are prepared together."""
    project = (
        find_project(request.profile)
        if request.profile
        else detect(CommitTree(repository, commit.id))
    )
    message = _NewMessage(doubt=request.doubt, replaces=request.replaces)
    trailers, notes = message.trailers, message.notes
    culprits = _add_fixes_tags(repository, commit, request, topic_ids, message, progress)
    if message.doubt:
        notes.append(f"the Fixes: tag is a guess: {message.doubt}")
    if request.stable != "none":
        _hide_stable_request(repository, commit, project, message)
    if culprits and not project.lists.is_private_request(commit.tags("Cc")):
        _add_stable_tags(repository, commit, request, culprits, message, progress)
    else:
        notes += _explain_missing_request(repository, commit, request, project)
    for text in request.trailers:
        typed_trailers = parse_typed_trailers(text, project.tags.links)
        notes += [
            f"{value} becomes {name}:"
            for name, value in typed_trailers
            if not re.search(rf"\b{name}:", text, re.IGNORECASE)
        ]
        trailers += typed_trailers
    if not request.trailers and (reports := find_untagged_reports(commit.message)):
        notes.append(
            f"the message names the report {reports[0]}; to add Closes:"
            f" `patchpilot prepare --trailer {reports[0]}`"
        )
    if request.regression and project.lists.regressions:
        trailers.append(("Cc", project.lists.regressions))
    if request.regression and culprits:
        notes.append(
            "for a reply to the report: "
            f"{format_regzbot_introduced(culprits[0].id[:12], culprits[0].subject)}"
        )
    if request.signoff:
        trailers.append(("Signed-off-by", _find_sign_off_identity(repository)))
    developers = tuple(value for name, value in trailers if name == DEVELOPER)
    other_trailers = tuple(trailer for trailer in trailers if trailer[0] != DEVELOPER)
    edits = MessageEdits(other_trailers, developers, message.replaced)
    notes += edits.refused
    new_message = apply_message_edits(commit.message, edits)
    uncertainty = next((note for note in notes if note.startswith(_UNSURE)), "")
    return MessageChange(
        commit.id,
        commit.subject,
        commit.message,
        new_message,
        tuple(notes),
        uncertainty,
        message.doubt,
    )


def _add_fixes_tags(
    repository: Repository,
    commit: Commit,
    request: PrepareRequest,
    topic_ids: Sequence[str],
    message: _NewMessage,
    progress: Progress,
) -> list[Commit]:
    """Add Fixes: tags to the message, and correct malformed ones.

    Return the commits that the tags name.
    """
    trailers, notes = message.trailers, message.notes
    if request.fixes == ("none",):
        return []
    named_fixes = [fix for fix in request.fixes if fix not in ("auto", "none")]
    fix_claim = (
        judge_fix(repository, commit)
        if request.is_fix is None
        else judge_author_answer(request.is_fix)
    )
    fixes_request = FixesRequest(
        commit.id,
        limit=MAX_OFFERED,
        verify=bool(named_fixes) or not (fix_claim.is_fix or fix_claim.unclear),
        base=request.base,
        series=topic_ids,
    )
    result = find_culprits(repository, fixes_request, progress=progress)
    causes = (fixes_tag.introduced_by for fixes_tag in result.present)
    present = [cause for cause in causes if cause]
    notes += [
        format_same_series_note(fixes_tag.target.subject)
        for fixes_tag in result.present
        if fixes_tag.target and "own-series" in {bad.kind for bad in fixes_tag.problems}
    ]
    for fixes_tag in result.present:
        if (
            fixes_tag.suggestion
            and fixes_tag.tag.text != fixes_tag.suggestion
            and {problem.kind for problem in fixes_tag.problems} - _POSITION_PROBLEMS
            <= _FORMAT_PROBLEMS
        ):
            message.replaced[fixes_tag.tag.line] = fixes_tag.suggestion
    if named_fixes:
        culprits = sorted(
            (repository.commit(repository.resolve(culprit)) for culprit in named_fixes),
            key=lambda culprit: culprit.committed,
        )
        return _add_named_tags(repository, commit, culprits, result, message, topic_ids)
    if present:
        return present
    if not fix_claim.is_fix:
        notes.append(
            f"{_UNSURE} into {commit.short}: {fix_claim.reason}; to write"
            f" {' and '.join(result.tags)} if it is one: `patchpilot prepare --is-a-fix`"
            if fix_claim.unclear and result.sure and result.tags
            else f"no Fixes: tag: {fix_claim.reason}; if it is a fix:"
            " `patchpilot prepare --is-a-fix`, or to name the commit:"
            " `patchpilot prepare --fixes COMMIT`"
        )
        return []
    if not result.sure:
        return _ask_for_culprit(repository, commit, request, result, topic_ids, message)
    trailers += [("Fixes", tag.partition(": ")[2]) for tag in result.tags]
    notes += result.notes
    if not result.tags:
        return []
    best_candidate = result.candidates[0]
    notes.append(
        f"Fixes: {best_candidate.confidence:.0%} sure: {'; '.join(best_candidate.evidence)}"
    )
    ids = (repository.find(tag.split()[1]) for tag in result.tags)
    return [repository.commit(id_) for id_ in ids if id_]


def _add_named_tags(
    repository: Repository,
    commit: Commit,
    culprits: Sequence[Commit],
    result: FixesResult,
    message: _NewMessage,
    topic_ids: Sequence[str],
) -> list[Commit]:
    """Add the tags of the commits that the user names, and return all commits that tags name."""
    # do not write tags for commits in the topic, because preparing it may change their ids
    message.notes += [
        format_same_series_note(culprit.subject)
        for culprit in culprits
        if culprit.id in topic_ids and culprit.id != commit.id
    ]
    culprits = [culprit for culprit in culprits if culprit.id not in topic_ids]
    named_ids = {culprit.id for culprit in culprits}
    tagged_commits = filter(None, (tag.introduced_by for tag in result.present))
    present = {tagged.id: tagged for tagged in tagged_commits}
    if message.replaces and named_ids:
        # a new tag also replaces a tag of an unknown commit
        known = {*named_ids, "" if named_ids <= set(present) else None}
        message.replaced |= {
            tag.tag.line: ""
            for tag in result.present
            if (tag.introduced_by.id if tag.introduced_by else "") not in known
        }
        present = {id_: tagged for id_, tagged in present.items() if id_ in named_ids}
    message.trailers += [
        ("Fixes", _format_fixes_value(repository, culprit))
        for culprit in culprits
        if culprit.id not in present
    ]
    return [*present.values(), *culprits]


def _ask_for_culprit(
    repository: Repository,
    commit: Commit,
    request: PrepareRequest,
    result: FixesResult,
    topic_ids: Sequence[str],
    message: _NewMessage,
) -> list[Commit]:
    """Add the tag that the user chooses, and return the commit that it names.

    A fix of an earlier commit of the topic needs no tag.
    """
    if any(
        candidate.commit in topic_ids and candidate.confidence >= LIKELY
        for candidate in result.candidates[:1]
    ):
        message.notes += result.notes
        return []
    chosen = request.choose(commit, result)
    if chosen is None:
        message.notes.append(_explain_uncertainty(commit, result))
        return []
    culprit = repository.commit(chosen)
    message.trailers.append(("Fixes", _format_fixes_value(repository, culprit)))
    return [culprit]


_UNSURE = "no Fixes: written"
MAX_OFFERED = 3
"""Number of candidates to choose from."""
_COMPARABLE = 0.25
"""Minimum confidence of the other candidates that are named, as a share of the best one's."""


def _explain_uncertainty(commit: Commit, result: FixesResult) -> str:
    likely = [
        f'{candidate.commit[:12]} ("{candidate.subject}", {candidate.confidence:.0%})'
        for candidate in result.candidates
        if candidate.confidence >= _COMPARABLE * result.candidates[0].confidence
    ]
    preposition = "between" if len(likely) > 1 else "of"
    candidate_note = f" {preposition} {' and '.join(likely)}" if likely else ""
    return (
        f"{_UNSURE} into {commit.short}: unsure{candidate_note}: {result.reason}; to name it:"
        " `patchpilot prepare --fixes COMMIT`"
    )


_FORMAT_PROBLEMS = frozenset(
    [
        "commit-word",
        "no-subject",
        "no-space",
        "short-id",
        "long-id",
        "open-parenthesis",
        "open-quote",
        "cut-subject",
        "bare-subject",
        "indented",
    ]
)

_POSITION_PROBLEMS = frozenset(["blank-around"])


def _format_fixes_value(repository: Repository, culprit: Commit) -> str:
    return format_fixes_tag(repository, culprit).partition(": ")[2]


def _explain_missing_request(
    repository: Repository, commit: Commit, request: PrepareRequest, project: Project
) -> Iterator[str]:
    """Yield why a fix gets no Cc: stable tag although it was asked for."""
    is_wanted = request.fixes == ("none",) and request.stable != "none"
    has_tags = commit.tags("Fixes") or project.lists.has_stable_tag(commit.trailers)
    if is_wanted and not has_tags and judge_fix(repository, commit).is_fix:
        yield "no Cc: stable: no tag names the commit that introduced the bug"


def _add_stable_tags(
    repository: Repository,
    commit: Commit,
    request: PrepareRequest,
    culprits: Sequence[Commit],
    message: _NewMessage,
    progress: Progress,
) -> None:
    if request.stable == "none":
        return
    result = propose_stable_tags(
        repository,
        StableRequest(
            commit.id,
            fixes=[culprit.id for culprit in culprits],
            profile=request.profile,
            is_guess=bool(message.doubt),
        ),
        progress=progress,
    )
    for line in result.advice.lines:
        name, _, value = line.partition(": ")
        message.trailers.append((name, value))
    message.notes += [*result.advice.reasons, *result.advice.warnings]


def _hide_stable_request(
    repository: Repository, commit: Commit, project: Project, message: _NewMessage
) -> None:
    """Replace the public address of the stable list in an undisclosed fix.

    git send-email would send the message to it.
    """
    public, private = project.lists.stable, project.lists.private_stable
    tags = [
        tag for tag in commit.tags("Cc") if private and tag.address and tag.address.key == public
    ]
    if tags and is_undisclosed_commit(repository, commit):
        for tag in tags:
            value = re.sub(re.escape(public), private, tag.value, flags=re.IGNORECASE)
            message.replaced[tag.line] = f"{tag.name}: {value}"
        message.notes.append(f"undisclosed: mail to {private} is not delivered")


def _find_sign_off_identity(repository: Repository) -> str:
    identity = repository.identity
    if identity is None:
        raise MissingError(
            "git user.name and user.email are not set",
            hint="run `git config user.name 'Your Name'; git config user.email you@example.org`",
        )
    return identity.trailer()
