# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask reviewers about checked patches, and prove their comments."""

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
from patchpilot.model.printable import counted
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rule import Finding
from patchpilot.reviewers.answer import Comments, ReviewComment, parse_answer
from patchpilot.reviewers.proof import PatchFacts, ProofResult, ProvenComment, prove
from patchpilot.reviewers.request import ReviewRequest, write_request
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
from patchpilot.services.review.request_sections import (
    PatchedFiles,
    request_sections,
)

_LONG_WORD = re.compile(r"[a-z_]{5,}")
_TAKEN = 8
"""Number of consecutive words shared with a comment that indicates copying."""
if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckedPatch, CheckResult
    from patchpilot.commits.repository import Repository
    from patchpilot.model.draft import Draft


@json_form(
    "source=patch.source",
    "commit=patch.commit",
    "subject=patch.subject.title",
    "findings",
    "resolved",
    "tokens",
    "is_stored",
    "takes_over",
    "error?",
)
class ReviewedPatch(NamedTuple):
    """A reviewer's comments on a patch.

    `resolved` lists problems from an earlier version's review that are gone. `tokens` is the size
    of the request, and `error` the reason for a missing answer. `takes_over` is set if the patch's
    message repeats a comment without an Assisted-by: tag
    (Documentation/process/coding-assistants.rst).
    """

    patch: Patch
    findings: tuple[ProvenComment, ...] = ()
    resolved: tuple[str, ...] = ()
    tokens: int = 0
    is_stored: bool = False
    takes_over: bool = False
    error: str = ""


@json_form("reviewer=reviewer.name", "patches")
class Review(NamedTuple):
    """A reviewer and its comments on each patch."""

    reviewer: Reviewer
    patches: tuple[ReviewedPatch, ...]

    @property
    def tokens(self) -> int:
        """Return the size of this run's requests."""
        return sum(patch.tokens for patch in self.patches if not patch.is_stored)


class ReviewInput(NamedTuple):
    """The checked patches, the repository, and the user's TARGETs and base.

    `reviewer` is the name of a reviewer, or "" for all. `tokens` overrides the reviewer's own
    limit.
    """

    result: "CheckResult"
    repository: "Repository | None" = None
    targets: tuple[str, ...] = ()
    base: str | None = None
    reviewer: str = ""
    tokens: int | None = None


def review_requests(review_input: ReviewInput) -> Iterator[tuple[Patch, ReviewRequest]]:
    for checked in review_input.result.patches:
        if checked.patch.has_diff:
            yield checked.patch, _request(review_input, checked)


def review(
    review_input: ReviewInput, progress: Progress = silent, *, asks: bool = True
) -> tuple[Review, ...]:
    """Return each reviewer's reviews of the patches; without `asks`, only stored ones.

    Send nothing to a remote reviewer until the security question of each topic is answered with no;
    otherwise raise `RefusedError` with the command and its input.
    """
    drafts = _drafts(review_input)
    where = review_input.repository.top if review_input.repository else Path.cwd()
    reviewers = choose_reviewers(where, review_input.reviewer)
    for reviewer in reviewers:
        if asks and not reviewer.is_local:
            _refuse_undisclosed(review_input, reviewer, drafts)
    waivers = {
        name: reason
        for draft in filter(None, drafts)
        for name, reason in draft.waivers.items()
        if REVIEW_COMMENT.fullmatch(name)
    }
    return tuple(
        Review(
            reviewer,
            tuple(_review_patch(review_input, reviewer, waivers, progress, asks)),
        )
        for reviewer in reviewers
    )


def review_note(reviews: Sequence[Review], patch: Patch) -> str:
    """Return the note on a patch's reviews to put below its `---`, or "".

    It contains lines and the user's reasons, but no text by reviewers.
    """
    lines = []
    for review in reviews:
        for reviewed in review.patches:
            if reviewed.patch is not patch or reviewed.error:
                continue
            sure = [comment for comment in reviewed.findings if comment.is_sure]
            summary = counted(len(sure), "comment") if sure else "no comments"
            lines.append(f"Machine review by {review.reviewer.name}: {summary}")
            lines += [
                f"- {comment.path or 'message'}:{comment.line}: {comment.waived}"
                for comment in sure
                if comment.waived
            ]
    return "\n".join(lines)


def _drafts(review_input: ReviewInput) -> "tuple[Draft | None, ...]":
    """Return each topic's draft, or None for patch files and topics without a draft."""
    return tuple(
        known_draft(review_input.repository, target, review_input.base)
        if review_input.repository
        else None
        for target in review_input.targets or (None,)
    )


def _refuse_undisclosed(
    review_input: ReviewInput, reviewer: Reviewer, drafts: "Sequence[Draft | None]"
) -> None:
    """Raise `RefusedError` unless every topic's security question is answered with no."""
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
    sizes = [len(request.text) for _, request in review_requests(review_input)]
    raise RefusedError(
        f"reviewer {reviewer.name} would get {counted(len(sizes), 'patch', 'patches')}"
        f" ({sum(sizes) / 1000:.0f} kB, see --review-request) through `{reviewer.shown}`:"
        " could somebody use the bug to attack a machine?",
        hint=Action("draft", ("--security", "no"), "if nobody could: run `{}`"),
    )


def _review_patch(
    review_input: ReviewInput,
    reviewer: Reviewer,
    waivers: Mapping[str, str],
    progress: Progress,
    asks: bool,
) -> Iterator[ReviewedPatch]:
    checked = [patch for patch in review_input.result.patches if patch.patch.has_diff]
    for number, checked_patch in enumerate(checked, 1):
        key = _key(checked_patch.patch)
        answer = stored_review(reviewer, key)
        is_stored = answer is not None
        tokens = 0
        if answer is None and not asks:
            continue
        if answer is None:
            request = _request(review_input, checked_patch, reviewer.tokens)
            tokens = request.tokens
            step = f"{reviewer.name} reviews patch {number} of {len(checked)}"
            try:
                answer = parse_answer(ask(reviewer, request.text, progress, step))
            except GitError as error:
                yield ReviewedPatch(
                    checked_patch.patch, tokens=tokens, error=str(error)
                )
                continue
            if answer is None:
                error_text = f"the answer of {reviewer.name} has no JSON object"
                yield ReviewedPatch(
                    checked_patch.patch, tokens=tokens, error=error_text
                )
                continue
            store_review(reviewer, key, answer)
        facts = patch_facts(review_input, checked_patch)
        earlier = earlier_review(reviewer, key) or ()
        findings = tuple(_findings(answer, facts, checked_patch, waivers))
        yield ReviewedPatch(
            checked_patch.patch,
            findings,
            tuple(_resolved_problems(earlier, findings, facts)),
            tokens,
            is_stored,
            _copies_a_comment(checked_patch.patch, (*answer, *earlier)),
        )


def _findings(
    answer: Comments,
    facts: PatchFacts,
    checked: "CheckedPatch",
    waivers: Mapping[str, str],
) -> Iterator[ProvenComment]:
    """Yield an answer's comments with their proofs, most certain first."""
    proofs: dict[tuple[str, str], ProvenComment] = {}
    for comment in sorted(answer, key=lambda finding: -finding.confidence):
        proof = prove(comment, facts)
        proofs.setdefault((proof.name, comment.problem), proof)
    for (name, _), proof in proofs.items():
        same = (rule.name for rule in checked.findings if _is_same(rule, proof))
        yield proof._replace(same_as=next(same, ""), waived=waivers.get(name, ""))


def _is_same(finding: Finding, proof: ProvenComment) -> bool:
    """Return whether a finding is on a comment's line and has two words in common with it."""
    if not proof.path or (finding.path, finding.line) != (proof.path, proof.line):
        return False
    text = f"{finding.message} {finding.name}".lower()
    words = set(_LONG_WORD.findall(text))
    return len(words & set(_LONG_WORD.findall(proof.comment.problem.lower()))) > 1


def _copies_a_comment(patch: Patch, comments: Sequence[ReviewComment]) -> bool:
    """Return whether the message repeats several consecutive words from a comment without an
    Assisted-by: tag.
    """
    if patch.tags("Assisted-by"):
        return False
    message = " ".join(" ".join(patch.message).split())
    for comment in comments:
        words = comment.problem.split()
        for at in range(len(words) - _TAKEN + 1):
            if " ".join(words[at : at + _TAKEN]) in message:
                return True
    return False


def _resolved_problems(
    earlier: Comments, now: Sequence[ProvenComment], facts: PatchFacts
) -> Iterator[str]:
    """Yield problems from an earlier version's review whose quoted code is gone."""
    again = {
        comment.comment.problem
        for comment in now
        if comment.standing is ProofResult.PLACED
    }
    for comment in earlier:
        is_gone = prove(comment, facts).standing is not ProofResult.PLACED
        if is_gone and comment.problem not in again:
            yield comment.problem


def _key(patch: Patch) -> PatchKey:
    lines = [patch.subject.title, *patch.message]
    for change in patch.files:
        lines += (change.old_path or "", change.new_path or "")
        lines += [line.kind + line.text for hunk in change.hunks for line in hunk.lines]
    author = patch.author.email if patch.author else ""
    return "\n".join(lines), f"{author} {patch.date}"


def _files(review_input: ReviewInput, checked: "CheckedPatch") -> PatchedFiles:
    setting = review_input.result.setting
    of_patch = setting.trees.get(id(checked.patch)) if setting else None
    tree = of_patch() if of_patch else setting.tree if setting else None
    return PatchedFiles(checked.patch, tree)


def _request(
    review_input: ReviewInput, checked: "CheckedPatch", tokens: int = TOKENS
) -> ReviewRequest:
    patches = [checked.patch for checked in review_input.result.patches]
    series = patches if patches[1:] else ()
    sections = request_sections(
        checked, _files(review_input, checked), review_input.repository, series
    )
    return write_request(checked.patch, tuple(sections), review_input.tokens or tokens)


def patch_facts(review_input: ReviewInput, checked: "CheckedPatch") -> PatchFacts:
    """Return the facts for proving comments about a patch."""
    patch, repository = checked.patch, review_input.repository
    files = _files(review_input, checked)
    text = "\n".join(patch.lines)

    @cache
    def has_symbol(name: str) -> bool:
        if re.search(rf"\b{re.escape(name)}\b", text):
            return True
        return repository is None or _is_in(repository, ("-F", "-w", name), ())

    @cache
    def is_defined(name: str) -> bool:
        word = re.escape(name)
        pattern = (
            rf"^\s*#\s*define\s+{word}\b|^[A-Za-z_].*\b{word}\s*\(|^\s+{word}\s*(=|,|$)"
            rf"|(struct|union|enum)\s+{word}\s*\{{"
        )
        return repository is not None and _is_in(repository, ("-E", pattern), ("*.h",))

    @cache
    def is_documented(what: str) -> bool:
        if repository is None or len(what) < 4:
            return False
        return _is_in(repository, ("-F", what), ("Documentation",))

    return PatchFacts(patch, files.after, has_symbol, is_defined, is_documented)


def _is_in(
    repository: "Repository", words: Sequence[str], paths: Sequence[str]
) -> bool:
    """Return whether a file in the working tree contains the last of `words`; True if git fails.

    Grepping a commit would unpack its files, which takes half a minute for the kernel.
    """
    *options, text = words
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
