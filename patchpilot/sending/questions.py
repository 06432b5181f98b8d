# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepare the pre-send questions about security bugs, regressions and testing.

Whether the topic applies to its target tree or is already fixed there is determined automatically.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from patchpilot.backports.target_tip import find_target_tree
from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError, unknown_word_error
from patchpilot.history.earlier_fixes import UpstreamState
from patchpilot.model.action import Action, Advice
from patchpilot.model.draft import TESTED, TO_COVER, Draft
from patchpilot.model.mail import parse_message_id
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Severity
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import CURRENT_TOPIC, SendRequest
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.preflight import suggest_commands
from patchpilot.outgoing.target_tree import TargetFit, TargetTree, compute_commit_fit
from patchpilot.outgoing.transport import Sending
from patchpilot.projects.commit_marks import claimed_upstream_commit
from patchpilot.projects.project import Project
from patchpilot.recipients.security_question import (
    QUESTION,
    SECURITY_WORDS,
    explain_answers,
    explain_undisclosed,
    list_memory_errors,
)
from patchpilot.resources import TRACK_DATABASE, state_path
from patchpilot.sending.build_proof import (
    TESTED_LINES,
    bind_tested_answer,
    read_tested_answer,
)
from patchpilot.sending.propose_prefix import propose_tree_prefix, refuse_unknown_tree
from patchpilot.series.change_id import make_change_id, names_title
from patchpilot.series.draft import Drafts, complete_prefix
from patchpilot.tags.fix_claims import (
    UNCLAIMED,
    describe_untagged_fix,
    explain_guessed_tag,
    judge_fix,
    list_denied_subjects,
)
from patchpilot.tags.report_trailers import format_regzbot_introduced
from patchpilot.topic.find import find_topic
from patchpilot.topic.posted_elsewhere import (
    NOT_ASKED,
    PostedByOthers,
    find_posts_by_others,
)
from patchpilot.topic.project import project_of
from patchpilot.topic.upstream_state import find_upstream_state

_REGRESSION = lazy_pattern(
    r"\b(?:regress\w*|used to work|worked (?:in|with|before|until)|broke\w*|no longer"
    r" works?|stopped working|bisect\w*)\b",
    re.IGNORECASE,
)


class PreSendQuestion(NamedTuple):
    """A pre-send question.

    `guide` is a rule of thumb for the answer, and `why` explains why it is asked. `evidence` is the
    part of the patches that suggests the answer `yes`, and `answer` is the saved answer. `effects`
    lists the consequences of the possible answers in order. `is_optional` is set if the question
    can be answered, but is not asked.
    """

    name: str
    text: str
    why: str
    answers: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    answer: str | None = None
    effects: tuple[str, ...] = ()
    guide: str = ""
    is_optional: bool = False

    @property
    def is_open(self) -> bool:
        """Return whether the author must still answer the question."""
        return self.answer is None and not self.is_optional


TREE = "tree"
"""The name of the question about the tree in the subject; its answer is a subject prefix."""


def make_tree_question(proposed: str) -> PreSendQuestion:
    """Return the question about the tree that the subject should name.

    `proposed` is the subject prefix according to the subsystem's rules.
    """
    fixes = proposed.removesuffix("-next")
    doubt = (
        f" until there is a Fixes: tag; if the patch fixes a bug, choose [{fixes}]"
        if proposed != fixes
        else ""
    )
    return PreSendQuestion(
        TREE,
        "Which tree should the subject name?",
        "This subsystem has one tree for fixes and one for new features; the subject must name the"
        " tree that the patch is for",
        (fixes, f"{fixes}-next"),
        (f"[{proposed}]{doubt}",),
        effects=(
            f"the subject becomes [{fixes}]: goes into the release that is being stabilized",
            f"the subject becomes [{fixes}-next]: goes into the next release; closed during the"
            " merge window",
        ),
    )


def make_tested_question(draft: Draft) -> PreSendQuestion:
    """Return the question how the topic's code was tested.

    It stays open without an effect on sending.
    """
    return PreSendQuestion(
        TESTED,
        "How was this code tested?",
        "Reviewers weigh a fix by how it was tested. The answer holds until the code changes. It is"
        " in the messages only if you want it (below the ---)",
        tuple(TESTED_LINES),
        answer=read_tested_answer(draft) or None,
        effects=(
            "it ran on a machine that had the bug, and the bug was gone",
            "it ran in a virtual machine",
            "it compiles, and was not run",
            "most maintainers expect at least a build",
        ),
    )


def find_open_tested_question(sending: Sending) -> PreSendQuestion | None:
    """Return the question how commits were tested, or None for files and if it is answered."""
    question = make_tested_question(sending.draft)
    return question if sending.ids and question.answer is None else None


def make_cover_question(blockers: Iterable[SendProblem]) -> PreSendQuestion:
    """Return the question who receives which patches of a series without a cover letter.

    The problem in `blockers` about this, if there is one, names the maintainers who receive only
    some of them.
    """
    return PreSendQuestion(
        TO_COVER,
        "Should everyone receive all patches?",
        "Without a cover letter, a maintainer who receives only some patches does not see what the"
        " series is for, and cannot judge them",
        ("all", "own"),
        tuple(problem.message for problem in blockers if problem.name == "split-recipients"),
        effects=(
            "all messages go to all recipients",
            "recipients of one patch receive only their own patches, as listed",
        ),
    )


class PreSendQuestions(NamedTuple):
    """A topic's pre-send questions, and the facts that are determined without asking the user.

    `missing_tree` is the subject prefix to propose if the messages do not name their target tree,
    otherwise "". `upstream` lists fixes in mainline and in the fetched trees, and `posted` lists
    patches by others.
    """

    questions: tuple[PreSendQuestion, ...]
    target: TargetTree | None
    target_fit: TargetFit | None
    missing_tree: str = ""
    upstream: UpstreamState = UpstreamState()
    posted: PostedByOthers = NOT_ASKED

    @property
    def open(self) -> tuple[PreSendQuestion, ...]:
        """Return the unanswered questions, except optional ones."""
        return tuple(question for question in self.questions if question.is_open)

    @property
    def suggested_commands(self) -> Advice:
        """Return the commands to suggest if the bug is already fixed or the base is in a stable
        branch.
        """
        return suggest_commands(self.upstream)


def find_pre_send_questions(
    repository: Repository,
    target: str | None = None,
    *,
    base: str | None = None,
    asks_archive: bool = False,
    progress: Progress = ignore_progress,
) -> PreSendQuestions:
    """Return the questions about a TARGET's topic, with the saved answers.

    With `asks_archive`, also search the archive for patches by others, unless the fix is
    undisclosed.
    """
    topic = find_topic(repository, SendRequest(target=target, base=base))
    series, ids, draft = topic.series, topic.commits, topic.draft
    target_tree = find_target_tree(repository, ids, base) if ids else None
    project = project_of(repository, "", series)
    target_fit = compute_commit_fit(repository, ids, target_tree) if target_tree else None
    proposed_prefix = propose_tree_prefix(
        series, draft.prefix, project.name, is_regression=is_regression_fix(draft)
    )
    upstream = find_upstream_state(repository, series.patches, mark=draft.mark, progress=progress)
    similar_patches = (
        find_posts_by_others(
            repository,
            series.patches,
            undisclosed=draft.is_undisclosed,
            progress=progress,
        )
        if asks_archive
        else NOT_ASKED
    )
    return PreSendQuestions(
        list_pre_send_questions(repository, series, draft, project),
        target_tree,
        target_fit,
        proposed_prefix,
        upstream,
        similar_patches,
    )


def find_open_questions(
    repository: Repository, request: SendRequest
) -> tuple[PreSendQuestion, ...]:
    """Return the questions that neither the topic's draft nor the request answers.

    The tree and the test are asked last. For patch files, only the test is asked, if they are for
    stable. The TUI asks the same questions.
    """
    topic = find_topic(repository, request)
    series, draft = topic.series, topic.draft
    is_test_open = TESTED not in dict(request.answers) and not read_tested_answer(draft)
    test_question = (make_tested_question(draft),) if is_test_open else ()
    if not topic.commits:
        return test_question if draft.is_for_stable else ()
    project = project_of(repository, request.profile or "", series)
    answered_names = {name for name, _ in request.answers}
    open_questions = [
        question
        for question in list_pre_send_questions(repository, series, draft, project)
        if question.is_open and question.name not in answered_names
    ]
    proposed = propose_tree_prefix(
        series, draft.prefix, project.name, is_regression=is_regression_fix(draft)
    )
    if proposed:
        open_questions.append(make_tree_question(proposed))
    return (*open_questions, *test_question)


def warn_about_untagged_fixes(
    repository: Repository, series: Series, project: Project, draft: Draft
) -> tuple[SendProblem, ...]:
    """Warn about commits without a Fixes: tag that fix a bug, or may fix one; see `judge_fix`.

    Patch files are not judged, nor are projects and topics for which `check` expects no such tag.
    """
    if "missing-fixes" in (*project.style.ignore, *draft.waivers):
        return ()
    commits = [repository.commit(patch.commit) for patch in series.patches if patch.commit]
    if untagged := describe_untagged_fix(repository, commits):
        return (SendProblem("no-fixes-tag", untagged, Action("prepare", (), "to add it: {}")),)
    titles = [
        patch.subject.title
        for patch in series.patches
        if patch.commit and judge_fix(repository, repository.commit(patch.commit), patch).unclear
    ]
    message = f"{(*titles, '')[0]}: no Fixes: tag, as {UNCLAIMED}"
    if len(titles) > 1:
        message = f"{len(titles)} patches without Fixes: tag, whose messages describe a failure"
    hint = Action("prepare", ("--is-a-fix",), "if it fixes a bug: {}")
    return (SendProblem("no-fixes-tag", message, hint),) if titles else ()


def warn_about_unlikely_tags(
    repository: Repository, series: Series, profile: str
) -> tuple[SendProblem, ...]:
    """Warn about Fixes: tags of commits that change none of the patch's files.

    `check` shows them only with --strict, because some of these tags are correct.
    """
    if not any(patch.commit and patch.tags("Fixes") for patch in series.patches):
        return ()
    from patchpilot.checking.driver import Driver
    from patchpilot.lint.lint_context import Options

    options = Options(profile=profile, select=(_FIXES_RULE,), strict=True, fail_on="never")
    result = Driver(options, repository=repository).check((series,))
    return tuple(
        SendProblem(
            "unlikely-fixes",
            f"{checked_patch.patch.subject.title}: {finding.message}",
            Action("fixes", (checked_patch.patch.commit[:12],), "candidates: {}"),
        )
        for checked_patch in result.patches
        for finding in checked_patch.findings
        if finding.severity is Severity.CHECK and checked_patch.patch.commit
    )


_FIXES_RULE = "wrong-fixes-commit"
"""The rule whose findings of severity "check" are about unlikely tags."""


def save_draft_answer(
    repository: Repository,
    name: str,
    value: str,
    request: SendRequest = CURRENT_TOPIC,
) -> Draft:
    """Save the answer to a pre-send question in the topic's draft; see `validate_answer`."""
    topic = find_topic(repository, request)
    draft = topic.draft
    answered_draft = (
        replace(draft, prefix=validate_answer(repository, name, value))
        if name == TREE
        else _add_answer(repository, topic.series, draft, name, value)
    )
    with Drafts() as drafts:
        return _hide_title(drafts.keep(draft, answered_draft, "answered"))


def add_request_answers(
    repository: Repository, series: Series, draft: Draft, request: SendRequest
) -> Draft:
    """Add the request's answers to the draft, without saving it."""
    for name, text in request.answers:
        draft = _add_answer(repository, series, draft, name, text)
    return _hide_title(draft)


def _add_answer(
    repository: Repository, series: Series, draft: Draft, name: str, value: str
) -> Draft:
    """Add an answer to the draft.

    "yes" about a regression whose commit is known to have added the code names that commit, so that
    the question is not asked again.
    """
    answer = validate_answer(repository, name, value)
    if name == TESTED:
        answer = bind_tested_answer(draft, answer)
    elif name == "security" and answer == "no":
        # remember what was known, so that a later message with another error asks again
        errors = ", ".join(_list_memory_errors(series))
        answer = f"no (despite {errors})" if errors else answer
    elif name == "regression" and answer == "yes":
        answer = find_creating_commit(repository, series)[:12] or answer
    return replace(draft, answers={**draft.answers, name: answer})


def _hide_title(draft: Draft) -> Draft:
    """Give an undisclosed topic a change-id without words of its title, unless it was sent.

    The change-id is part of file names, and other programs may print it.
    """
    if not draft.is_undisclosed or not any(
        names_title(draft.change_id, patch.subject) for patch in draft.patches[:1]
    ):
        return draft
    with Outbox() as outbox:
        if any(outbox.sends(draft.change_id, kind=kind) for kind in ("real", "to-self")):
            return draft
    with Drafts() as drafts:
        return drafts.rename(draft, make_change_id(""))


def validate_answer(repository: Repository, name: str, value: str) -> str:
    """Validate an answer, and return it in the form in which it is saved.

    Answers are `yes` and `no`; for `regression`, also the commit or range that introduced it; `all`
    and `own` for `to-cover`; a kind of test for `tested`; a subject prefix with a known tree for
    `tree`. Raise `UsageError` for an invalid answer.
    """
    answer = value.strip()
    if name == TREE:
        prefix = complete_prefix(answer)
        refuse_unknown_tree(repository, prefix)
        return prefix
    words = {TO_COVER: ("all", "own"), TESTED: tuple(TESTED_LINES)}
    if name not in ("security", "regression", *words):
        raise unknown_word_error("question", name, ("security", "regression", *words))
    if name in words:
        if answer.lower() in words[name]:
            return answer.lower()
        valid_words = ", ".join(words[name][:-1])
        raise UsageError(
            f"--{name}: invalid value {value!r}", hint=f"use {valid_words} or {words[name][-1]}"
        )
    if answer.lower() in ("yes", "no"):
        return answer.lower()
    if name == "regression" and is_revision_or_range(answer):
        return "..".join(_format_commit_answer(repository, part) for part in answer.split(".."))
    raise UsageError(
        f"{name}: invalid answer {value!r}",
        hint="answer yes or no"
        + (", or give the commit that introduced it" if name == "regression" else ""),
    )


def is_revision_or_range(text: str) -> bool:
    """Return whether a text has the form of a revision, or of a range `good..bad`."""
    return bool(re.fullmatch(r"v?[\w./~^-]+(?:\.\.v?[\w./~^-]+)?", text))


def _format_commit_answer(repository: Repository, revision: str) -> str:
    """Return a commit in the form in which an answer names it.

    This is the revision if it is a release tag, otherwise the first 12 digits of the commit id.
    """
    if re.fullmatch(r"v\d+\.\d+\S*", revision):
        return revision
    commit = repository.find(revision)
    if commit is None and not re.fullmatch(r"[0-9a-f]{12,40}", revision):
        raise UsageError(
            f"no such commit: {revision!r}",
            hint=(
                "pass the commit that introduced the regression, a range good..bad, or answer yes"
                " or no"
            ),
        )
    return (commit or revision)[:12]


def list_pre_send_questions(
    repository: Repository, series: Series, draft: Draft, project: Project
) -> tuple[PreSendQuestion, ...]:
    """Return a project's pre-send questions, with evidence from the patches.

    Only the author can answer them. Return none if the author answered that no patch fixes a bug,
    or if all patches are backports to a stable tree. A question without evidence is optional if the
    message of no patch names a bug. The question about a regression is open again
    if the answer was "yes" and the commit in Fixes: turns out to have added the code; the one about
    security if the answer was "no" and the messages now name another error in memory accesses.
    """
    denied_titles = list_denied_subjects(draft.answers)
    if series.patches and all(
        patch.subject.title in denied_titles
        or (draft.is_for_stable and claimed_upstream_commit(patch))
        for patch in series.patches
    ):
        return ()
    team = project.lists.security
    security = PreSendQuestion(
        "security",
        QUESTION,
        explain_undisclosed("fixes", team),
        ("no", "yes"),
        (*_find_evidence(SECURITY_WORDS, series.patches), *_find_report_evidence(series, draft)),
        _read_security_answer(draft, series),
        (
            "sent to all planned recipients, lists included",
            (
                f"sent to the maintainers and {team} only; they decide when to post it publicly. No"
                " public archive is searched for it"
            ),
        ),
        explain_answers(team),
    )
    created_by = find_creating_commit(repository, series)
    regression_answer = draft.answers.get("regression")
    if created_by and regression_answer == "yes":
        regression_answer = None
    introduced_by = _find_introducing_commit(draft, series)
    fixes = [patch.commit for patch in series.patches if patch.commit]
    guess = explain_guessed_tag(repository, created_by or introduced_by, fixes)
    guessed_text = " (a guess)" if guess else ""
    regression = PreSendQuestion(
        "regression",
        f"{created_by[:12]} in Fixes:{guessed_text} added this code. Did it work in an earlier"
        " release?"
        if created_by
        else "Did this work in an earlier release (a regression)?",
        "Regressions have priority and are tracked by regzbot; Linus asks about those that stay"
        " open. regzbot finds the fix by its Closes: or Link: tag with the report.",
        ("no", "yes", "COMMIT"),
        _find_evidence(_REGRESSION, series.patches),
        regression_answer,
        (
            "nothing changes",
            *(
                f"Cc: {project.lists.regressions}; if regzbot does not track the report, reply to"
                f" the report with `{format_regzbot_introduced(commit)}`{doubt}"
                for commit, doubt in (
                    (introduced_by, f"; this commit is a guess: {guess}" if guess else ""),
                    ("COMMIT", ""),
                )
            ),
        ),
        "The bug is as old as the driver or feature: no.\n"
        "A release worked, and a later change broke it: yes.",
    )
    fixes_nothing = bool(series.patches) and all(
        patch.commit and judge_fix(repository, repository.commit(patch.commit), patch).rules_out_bug
        for patch in series.patches
    )
    asked = ((security, team), (regression, project.lists.regressions))
    return tuple(
        question._replace(is_optional=fixes_nothing and not question.evidence)
        for question, recipient in asked
        if recipient
    )


def _read_security_answer(draft: Draft, series: Series) -> str | None:
    answer, _, known_errors = draft.answers.get("security", "").partition(" ")
    is_outdated = answer == "no" and any(
        error not in known_errors for error in _list_memory_errors(series)
    )
    return None if is_outdated else answer or None


def _list_memory_errors(series: Series) -> list[str]:
    return list_memory_errors(
        line for patch in series.patches for line in (patch.subject.title, *patch.message)
    )


def find_creating_commit(repository: Repository, series: Series) -> str:
    """Return the commit in a Fixes: tag that added all files that the patches change, or "".

    Files that the commit moved do not count, nor the files of a clone's first commit.
    """
    changed = {
        change.old_path for patch in series.patches for change in patch.files if change.old_path
    }
    tags = [tag for patch in series.patches for tag in patch.tags("Fixes")]
    commits = [commit for tag in tags if (commit := repository.find(tag.value.partition(" ")[0]))]
    if not changed or not commits:
        return ""
    arguments = ("--no-commit-id", "--name-only", "-r", "-z", "-M", "--diff-filter=A")
    added = {
        path
        for commit in commits
        for path in repository.git("diff-tree", *arguments, commit).text.split("\0")
    }
    return commits[0] if changed <= added and len(added) <= MOST_ADDED else ""


MOST_ADDED = 300
"""Number of added files from which on git may have missed that a commit moved files."""


def _find_evidence(pattern: re.Pattern[str], patches: Sequence[Patch]) -> tuple[str, ...]:
    evidence: dict[str, None] = {}
    for patch in patches:
        for line in (patch.subject.title, *patch.message):
            if match := pattern.search(line):
                evidence.setdefault(f"“{match[0]}” in the message of {patch.subject.title}")
    return tuple(evidence)[:4]


def _find_report_evidence(series: Series, draft: Draft) -> Iterator[str]:
    """Yield the security words in stored reports that the topic answers or that its tags link."""
    links = [
        tag.value.partition(" ")[0]
        for patch in series.patches
        for name in ("Closes", "Link")
        for tag in patch.tags(name)
    ]
    ids = {draft.in_reply_to, *(parse_message_id(link) or "" for link in links)} - {""}
    if not ids or "security" in draft.answers or not (state_path() / TRACK_DATABASE).exists():
        return
    from patchpilot.archive.track_store import Store

    with Store() as store:
        reports = store.read_stored(sorted(ids))
    for report in reports:
        if match := SECURITY_WORDS.search(f"{report.subject}\n{report.body}"):
            yield f"“{match[0]}” in the report: {report.subject}"


def is_regression_fix(draft: Draft) -> bool:
    """Return whether the author answered that the topic fixes a regression."""
    return draft.answers.get("regression", "no") != "no"


def _find_introducing_commit(draft: Draft, series: Series) -> str:
    """Return the answer or the `Fixes:` tag that names the origin of the bug, or `COMMIT`."""
    answer = draft.answers.get("regression", "no")
    if answer not in ("no", "yes"):
        return answer
    tag = next((tag for patch in series.patches for tag in patch.tags("Fixes")), None)
    introduced_by = tag.value.split()[0] if tag else ""
    is_id = re.fullmatch(r"[0-9a-f]{8,40}", introduced_by)
    return introduced_by if is_id else "COMMIT"
