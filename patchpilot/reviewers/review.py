# SPDX-License-Identifier: GPL-2.0-or-later
"""Send checked patches to reviewers, and verify their comments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.checking.topic_waivers import REVIEW_COMMENT, known_draft
from patchpilot.errors import GitError, RefusedError
from patchpilot.model.action import Action
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding
from patchpilot.reviewers.answer import Comments, ReviewComment, parse_answer
from patchpilot.reviewers.proof import (
    PatchFacts,
    ProofResult,
    ProvenComment,
    make_names_unique,
    prove,
)
from patchpilot.reviewers.request import ReviewRequest, write_request
from patchpilot.reviewers.request_sections import (
    PatchedFiles,
    make_request_sections,
)
from patchpilot.reviewers.reviewer import (
    TOKENS,
    Reviewer,
    ask,
    choose_reviewers,
)
from patchpilot.reviewers.stored_reviews import (
    PatchKey,
    earlier_review,
    store_review,
    stored_review,
)

_LONG_WORD = re.compile(r"[a-z_]{5,}")
_COPIED_WORDS = 8
"""Number of consecutive words in common with a comment that indicates copying."""
if TYPE_CHECKING:
    from patchpilot.checking.result import CheckedPatch, CheckResult
    from patchpilot.commits.repository import Repository
    from patchpilot.model.draft import Draft


@json_form(
    "source=patch.source commit=patch.commit subject=patch.subject.title findings resolved "
    "tokens is_stored takes_over error?"
)
class PatchComments(NamedTuple):
    """A reviewer's comments on a patch.

    `resolved` lists problems in an earlier version that the patch no longer has. `tokens` is the
    size of the request. `error` explains why the reviewer gave no answer. `takes_over` is set if
    the commit message contains words from a comment but has no Assisted-by: tag
    (Documentation/process/coding-assistants.rst).
    """

    patch: Patch
    findings: tuple[ProvenComment, ...] = ()
    resolved: tuple[str, ...] = ()
    tokens: int = 0
    is_stored: bool = False
    takes_over: bool = False
    error: str = ""


@json_form("reviewer=reviewer.name patches")
class ProgramReview(NamedTuple):
    """A reviewer, and its comments on each patch."""

    reviewer: Reviewer
    patches: tuple[PatchComments, ...]

    @property
    def tokens(self) -> int:
        """Return the total size of the requests in this run."""
        return sum(patch.tokens for patch in self.patches if not patch.is_stored)


class ReviewInput(NamedTuple):
    """The patches to review, the repository, and the TARGETs and base that the user gave.

    `reviewer` is the name of one reviewer; "" means all reviewers. `tokens` overrides the
    reviewer's limit.
    """

    result: "CheckResult"
    repository: "Repository | None" = None
    targets: tuple[str, ...] = ()
    base: str | None = None
    reviewer: str = ""
    tokens: int | None = None


def make_review_requests(
    review_input: ReviewInput,
) -> Iterator[tuple[Patch, ReviewRequest]]:
    for checked_patch in review_input.result.patches:
        if checked_patch.patch.has_diff:
            yield (
                checked_patch.patch,
                _write_review_request(review_input, checked_patch),
            )


def run_reviews(
    review_input: ReviewInput,
    progress: Progress = ignore_progress,
    *,
    may_ask: bool = True,
) -> tuple[ProgramReview, ...]:
    """Return each reviewer's reviews of the patches.

    Without `may_ask`, return only stored reviews. A patch is sent to a remote reviewer only if the
    answer to the security question of its topic is no; otherwise, raise `RefusedError` with the
    command and its input.
    """
    drafts = _read_topic_drafts(review_input)
    directory = review_input.repository.top if review_input.repository else Path.cwd()
    reviewers = choose_reviewers(directory, review_input.reviewer)
    for reviewer in reviewers:
        if may_ask and not reviewer.is_local:
            _refuse_undisclosed_topics(review_input, reviewer, drafts)
    waivers = {
        name: reason
        for draft in filter(None, drafts)
        for name, reason in draft.waivers.items()
        if REVIEW_COMMENT.fullmatch(name)
    }
    return tuple(
        ProgramReview(
            reviewer,
            tuple(_review_patch(review_input, reviewer, waivers, progress, may_ask)),
        )
        for reviewer in reviewers
    )


def format_review_note(reviews: Sequence[ProgramReview], patch: Patch) -> str:
    """Return the note about a patch's reviews for the section below its `---`, or "".

    It contains line numbers and the user's reasons, but no text by reviewers.
    """
    lines = []
    for review in reviews:
        for reviewed_patch in review.patches:
            if reviewed_patch.patch is not patch or reviewed_patch.error:
                continue
            sure_comments = [comment for comment in reviewed_patch.findings if comment.is_sure]
            summary = (
                format_count(len(sure_comments), "comment") if sure_comments else "no comments"
            )
            lines.append(f"Machine review by {review.reviewer.name}: {summary}")
            lines += [
                f"- {comment.path or 'message'}:{comment.line}: {comment.waived}"
                for comment in sure_comments
                if comment.waived
            ]
    return "\n".join(lines)


def _read_topic_drafts(review_input: ReviewInput) -> "tuple[Draft | None, ...]":
    """Return the draft of each topic.

    For patch files, and for topics without a draft, return None.
    """
    return tuple(
        known_draft(review_input.repository, target, review_input.base)
        if review_input.repository
        else None
        for target in review_input.targets or (None,)
    )


def _refuse_undisclosed_topics(
    review_input: ReviewInput, reviewer: Reviewer, drafts: "Sequence[Draft | None]"
) -> None:
    answers = [draft.answers.get("security") if draft else None for draft in drafts]
    if "yes" in answers:
        raise RefusedError(
            f"reviewer {reviewer.name} is not local, and this fix is undisclosed:"
            f" `{reviewer.shown}` gets nothing",
            hint="a reviewer that sends nothing anywhere may read it: set"
            f" patchpilot.reviewer.{reviewer.name}.local = true",
        )
    if None not in answers:
        return
    sizes = [len(request.text) for _, request in make_review_requests(review_input)]
    raise RefusedError(
        f"reviewer {reviewer.name} would get {format_count(len(sizes), 'patch', 'patches')}"
        f" ({sum(sizes) / 1000:.0f} kB, see --review-request) through `{reviewer.shown}`:"
        " could somebody use the bug to attack a machine?",
        hint=Action("draft", ("--security", "no"), "if nobody could: run `{}`"),
    )


def _review_patch(
    review_input: ReviewInput,
    reviewer: Reviewer,
    waivers: Mapping[str, str],
    progress: Progress,
    may_ask: bool,
) -> Iterator[PatchComments]:
    checked_patches = [patch for patch in review_input.result.patches if patch.patch.has_diff]
    for number, checked_patch in enumerate(checked_patches, 1):
        key = _make_patch_key(checked_patch.patch)
        answer = stored_review(reviewer, key)
        is_stored = answer is not None
        tokens = 0
        if answer is None and not may_ask:
            continue
        if answer is None:
            request = _write_review_request(review_input, checked_patch, reviewer.tokens)
            tokens = request.tokens
            status = f"{reviewer.name} reviews patch {number} of {len(checked_patches)}"
            try:
                answer = parse_answer(ask(reviewer, request.text, progress, status))
            except GitError as error:
                yield PatchComments(checked_patch.patch, tokens=tokens, error=str(error))
                continue
            if answer is None:
                error_text = (
                    f"the answer of {reviewer.name} has no review: it is not JSON in the requested"
                    " form"
                )
                yield PatchComments(checked_patch.patch, tokens=tokens, error=error_text)
                continue
            store_review(reviewer, key, answer)
        known_facts = gather_patch_facts(review_input, checked_patch)
        earlier_comments = earlier_review(reviewer, key) or ()
        findings = tuple(_verify_comments(answer, known_facts, checked_patch, waivers))
        yield PatchComments(
            checked_patch.patch,
            findings,
            tuple(_find_resolved_comments(earlier_comments, findings, known_facts)),
            tokens,
            is_stored,
            _copies_comment_words(checked_patch.patch, (*answer, *earlier_comments)),
        )


def _verify_comments(
    answer: Comments,
    facts: PatchFacts,
    checked_patch: "CheckedPatch",
    waivers: Mapping[str, str],
) -> Iterator[ProvenComment]:
    proofs: dict[tuple[str, str, int], ProvenComment] = {}
    for comment in sorted(answer, key=lambda finding: -finding.confidence):
        proven_comment = prove(comment, facts)
        key = proven_comment.name, comment.problem, proven_comment.line
        proofs.setdefault(key, proven_comment)
    for proven_comment in make_names_unique(tuple(proofs.values())):
        name = proven_comment.name
        same_findings = (
            checked_finding.name
            for checked_finding in checked_patch.findings
            if _is_same_problem(checked_finding, proven_comment)
        )
        yield proven_comment._replace(same_as=next(same_findings, ""), waived=waivers.get(name, ""))


def _is_same_problem(finding: Finding, proven_comment: ProvenComment) -> bool:
    if not proven_comment.path or (finding.path, finding.line) != (
        proven_comment.path,
        proven_comment.line,
    ):
        return False
    text = f"{finding.message} {finding.name}".lower()
    words = set(_LONG_WORD.findall(text))
    return len(words & set(_LONG_WORD.findall(proven_comment.comment.problem.lower()))) > 1


def _copies_comment_words(patch: Patch, comments: Sequence[ReviewComment]) -> bool:
    """Return whether the message has no Assisted-by: tag but contains words from a comment."""
    if patch.tags("Assisted-by"):
        return False
    message = " ".join(" ".join(patch.message).split())
    for comment in comments:
        words = comment.problem.split()
        for start in range(len(words) - _COPIED_WORDS + 1):
            if " ".join(words[start : start + _COPIED_WORDS]) in message:
                return True
    return False


def _find_resolved_comments(
    earlier_comments: Comments, current: Sequence[ProvenComment], facts: PatchFacts
) -> Iterator[str]:
    still_reported = {
        comment.comment.problem for comment in current if comment.outcome is ProofResult.PLACED
    }
    for comment in earlier_comments:
        is_gone = prove(comment, facts).outcome is not ProofResult.PLACED
        if is_gone and comment.problem not in still_reported:
            yield comment.problem


def _make_patch_key(patch: Patch) -> PatchKey:
    lines = [patch.subject.title, *patch.message]
    for change in patch.files:
        lines += (change.old_path or "", change.new_path or "")
        lines += [line.kind + line.text for hunk in change.hunks for line in hunk.lines]
    author = patch.author.email if patch.author else ""
    return "\n".join(lines), f"{author} {patch.date}"


def _open_patched_files(review_input: ReviewInput, checked_patch: "CheckedPatch") -> PatchedFiles:
    setting = review_input.result.setting
    patched_tree = setting.trees.get(id(checked_patch.patch)) if setting else None
    tree = patched_tree() if patched_tree else setting.tree if setting else None
    return PatchedFiles(checked_patch.patch, tree)


def _write_review_request(
    review_input: ReviewInput, checked_patch: "CheckedPatch", tokens: int = TOKENS
) -> ReviewRequest:
    patches = [checked_patch.patch for checked_patch in review_input.result.patches]
    series = patches if patches[1:] else ()
    sections = make_request_sections(
        checked_patch,
        _open_patched_files(review_input, checked_patch),
        review_input.repository,
        series,
    )
    return write_request(checked_patch.patch, tuple(sections), review_input.tokens or tokens)


def gather_patch_facts(review_input: ReviewInput, checked_patch: "CheckedPatch") -> PatchFacts:
    """Return the facts for verifying comments about a patch."""
    patch, repository = checked_patch.patch, review_input.repository
    files = _open_patched_files(review_input, checked_patch)
    patch_text = "\n".join(patch.lines)

    @cache
    def has_symbol(name: str) -> bool:
        if re.search(rf"\b{re.escape(name)}\b", patch_text):
            return True
        return repository is None or _tree_contains(repository, ("-F", "-w", name), ())

    @cache
    def is_defined(name: str) -> bool:
        escaped_name = re.escape(name)
        pattern = (
            rf"^\s*#\s*define\s+{escaped_name}\b|^[A-Za-z_].*\b{escaped_name}\s*\(|^\s+{escaped_name}\s*(=|,|$)"
            rf"|(struct|union|enum)\s+{escaped_name}\s*\{{"
        )
        return repository is not None and _tree_contains(repository, ("-E", pattern), ("*.h",))

    @cache
    def is_documented(phrase: str) -> bool:
        if repository is None or len(phrase) < 4:
            return False
        return _tree_contains(repository, ("-F", phrase), ("Documentation",))

    return PatchFacts(patch, files.after, has_symbol, is_defined, is_documented)


def _tree_contains(
    repository: "Repository", grep_arguments: Sequence[str], paths: Sequence[str]
) -> bool:
    """Return whether the working tree contains a text, which is the last argument of `git grep`.

    Return True if git fails. The working tree is searched because searching a commit takes half a
    minute for the kernel.
    """
    *options, text = grep_arguments
    try:
        result = repository.git(
            *("grep", "-q", "-I", *options, "-e", text, "--", *paths),
            ok=(0, 1),
            env={"GIT_LITERAL_PATHSPECS": "0"},
            timeout=30.0,
        )
    except GitError:
        return True
    return result.code == 0
