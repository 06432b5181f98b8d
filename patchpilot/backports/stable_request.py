# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a request to the stable maintainers to apply a merged fix."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill as fill_text

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.result import BackportResult
from patchpilot.backports.targets import backport_trees
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.missing_branches import omit_later_series
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.printable import join_words, make_printable
from patchpilot.model.source_tree import parse_makefile_release
from patchpilot.projects.project import StableTrees, version_key
from patchpilot.reading.thread_values import stable_summary
from patchpilot.recipients.from_message import find_backport_contacts
from patchpilot.recipients.plan import plan_patches
from patchpilot.recipients.topic import find_source_tree, make_recipient_sources
from patchpilot.resources import update_draft_file
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    strip_template_comments,
)
from patchpilot.threads.stable_requests import (
    REQUESTS,
    StableRequest,
    TrialReport,
    find_current_request,
    parse_trial_report,
    read_requests,
)
from patchpilot.threads.trials import list_releases_without_bug

_SENTENCE_END = re.compile(r"^(?!\s).*[.!?](?:\s|$)", re.MULTILINE)
NOT_TESTED = "I have not tested it there yet."
"""The sentence in a request without a statement who tested the fix."""
NOT_EXAMINED = "These newer trees were not examined:"
"""The start of the sentence in a request that names newer trees that were not fetched."""


def make_stable_request_mail(
    repository: Repository,
    result: BackportResult,
    stable: StableTrees,
    reason: str = "",
    tested: Sequence[str] = (),
    *,
    everything: bool = False,
) -> str:
    """Return the message that asks the stable maintainers to apply a mainline commit.

    This is option 2 in Documentation/process/stable-kernel-rules.rst. The message includes its
    headers, and lists the trees that the commit applies to cleanly and on which it was `tested`
    ("6.1.76 by NAME"). Because the user is its sender, it states only facts that patchpilot has
    determined, and who tested the fix, or that nobody did. Raise `UsageError` if the fix is not in
    mainline, was reverted there, or does not apply cleanly to any tree that needs it; and, unless
    `everything` is set, if the stable maintainers do not take the fix or take it without a request,
    if it was requested before, if no tree is known to have the bug, or if a newer tree was fetched
    but not examined. The message names newer trees that were not fetched.
    """
    rows = list_requestable_branches(result, everything=everything)
    applicable = clean_branches = [branch for branch, _ in rows]
    assert result.commit is not None
    identity = repository.identity
    reports = match_test_reports(clean_branches, tested, identity.name if identity else "")
    _require_releases(repository, clean_branches, tested)
    if not everything:
        clean_branches = _select_requested_branches(repository, result, clean_branches, reports)
    commit = repository.commit(result.commit)
    paragraph = _find_first_paragraph(commit.body)
    if not (reason or paragraph):
        raise UsageError(
            "no reason for the request: the message of the fix gives none",
            hint="use --note TEXT, for example --note 'it crashes without this fix'",
        )
    if not tested:
        reports = {branch.branch: NOT_TESTED for branch in clean_branches}
    asked = [row for row in rows if row[0] in clean_branches and row[0].branch in reports]
    if not asked:
        # the branches on which it was tested do not wait for a request
        raise _refuse_in_review(branch for branch, _ in rows if branch.branch in reports)
    clean_branches = _omit_requested(result, asked)
    untested = [it for it in applicable if not (it in clean_branches or it.review)]
    facts = [*dict.fromkeys(reports.values()), *_list_apply_facts(result, clean_branches, untested)]
    facts += _list_required_commits(clean_branches)
    unfetched = find_stable_branches(repository).missing
    missing = {it.version for it in omit_later_series(repository, unfetched, result.commit)}
    if newer := _list_newer(missing, clean_branches):
        facts.append(f"{NOT_EXAMINED} {join_words(newer)}.")
    if identity and any(f" by {identity.name}." in sentence for sentence in reports.values()):
        facts.append(f"\nTested-by: {identity.header()}")
    values = {
        "trees": join_words([clean_branch.name for clean_branch in clean_branches]),
        "commit": result.commit,
        "subject": result.subject,
        # remove the label "Why: " after wrapping, because the template already contains it
        "why": fill_text(f"Why: {reason}", 72)[5:] if reason else paragraph,
        "state": "\n".join(line for line in facts if line),
        "name": identity.name if identity else "",
    }
    body = strip_template_comments(fill_template(read_template("stable-request"), values))
    cc = _find_cc_addresses(repository, commit, stable, identity)
    subject = f'Please apply {commit.short} ("{result.subject}") to {values["trees"]}'
    headers = [
        *([f"To: {stable.list}"] if stable.list else []),
        *(["Cc: " + ",\n ".join(address.header() for address in cc)] if cc else []),
        f"Subject: {' '.join(subject.split())}",
    ]
    return "\n".join([*headers, "", body]) + "\n"


_REVIEWS = {"posted": "was sent", "review": "is under review", "queued": "is queued"}


def explain_no_request(result: BackportResult) -> str:
    """Return why the stable maintainers should not be asked for a fix, or "".

    They do not take it, or take it without a request.
    """
    if result.rules:
        return f"stable trees do not take it: {result.rules[0]}"
    is_on_its_way = result.wait and not result.wait.is_over(datetime.now(UTC).date())
    return result.wait.reason if result.wait and is_on_its_way else ""


def list_requestable_branches(
    result: BackportResult, *, everything: bool = False
) -> list[tuple[BranchResult, str]]:
    """Return the branches to which a fix applies cleanly, each with the date on which the user sent
    a request for it, or "", which is always the case if `everything` is set.

    Raise `UsageError` if it cannot be requested for any branch, whoever tested it.
    """
    if result.commit is None or not result.upstream:
        raise UsageError(
            "not in mainline: stable trees only accept mainline commits",
            hint=Action("stable", (), "until then, add a Cc: stable line: {}"),
        )
    if result.reverted:
        raise UsageError(
            f"not requested: {result.reverted.words}",
            hint=Action(
                "backport",
                (result.reverted.replacements[-1].commit[:12], "--request"),
                "request the later fix: {}",
            )
            if result.reverted.replacements
            else "",
        )
    clean_branches = [
        branch
        for branch in result.branches
        if branch.verdict in (BranchVerdict.CLEAN, BranchVerdict.THREE_WAY) and not branch.is_over
    ]
    if not clean_branches:
        is_needed = any(branch.wants_fix and not branch.is_over for branch in result.branches)
        raise UsageError(
            "the fix does not apply cleanly to any stable tree that needs it"
            if is_needed
            else "no stable tree needs the fix",
            hint=Action("backport", (result.short,), "see `{}` for each tree"),
        )
    if not everything and (reason := explain_no_request(result)):
        raise UsageError(f"not requested: {reason}", hint=_override(result))
    requests = [] if everything else [it for it in read_requests(result.short) if it.sent]
    rows = []
    for branch in clean_branches:
        matching = (it for it in requests if it.is_for(branch.version, branch.branch))
        request = find_current_request(matching)
        date = f"{request.sent:%Y-%m-%d}" if request else ""
        rows.append((branch, date))
    _omit_requested(result, rows)
    return rows


def _override(result: BackportResult) -> Action:
    return Action("backport", (result.short, "--request", "--all"), "to request it anyway: {}")


def _omit_requested(
    result: BackportResult, rows: Sequence[tuple[BranchResult, str]]
) -> list[BranchResult]:
    """Return the branches without those for which the user sent a request.

    Raise `UsageError` if none is left.
    """
    sent: dict[str, list[BranchResult]] = {}
    for branch, date in rows:
        sent.setdefault(date, []).append(branch)
    if rows and "" not in sent:
        asked = join_words([f"{_join_names(rows)} on {when}" for when, rows in sent.items()])
        raise UsageError(f"not requested: you sent the request for {asked}", hint=_override(result))
    return sent.get("", [])


def _select_requested_branches(
    repository: Repository,
    result: BackportResult,
    branches: Sequence[BranchResult],
    tested: Collection[str],
) -> list[BranchResult]:
    """Return the branches that have the bug, need no backport, and have not queued the fix yet.

    A branch on which somebody `tested` the fix has the bug, even if its origin is unknown, and
    needs only the prerequisites that the request names. Raise `UsageError` if there are none, or if
    a maintained branch that is newer than one of them was fetched but not examined.
    """
    commit = result.short
    waiting = [branch for branch in branches if not branch.review]
    if not waiting:
        raise _refuse_in_review(branches)
    usable = [it for it in waiting if it.branch in tested or not it.needs_backport]
    if not usable:
        raise UsageError(
            f"not requested: code that the fix uses is missing from {_join_names(waiting)}",
            hint=Action("backport", (commit,), "see `{}` for each tree"),
        )
    waiting = usable
    affected = [branch for branch in waiting if branch.affected or branch.branch in tested]
    if not affected:
        names = _join_names(waiting)
        raise UsageError(
            f"not requested: not known whether {names} {'has' if len(waiting) == 1 else 'have'}"
            " the bug",
            hint=Hint(
                (
                    Action(
                        "backport",
                        (commit, "--request", "--fixes", "COMMIT"),
                        "name the commit that introduced it: `{}`; ",
                    ),
                    Action(
                        "backport",
                        (
                            commit,
                            "--request",
                            "--tested",
                            f"{waiting[0].name} by NAME",
                        ),
                        "or try the fix on the branch: `{}`",
                    ),
                )
            ),
        )
    fetched = {it.version for it in find_stable_branches(repository).branches if not it.is_over}
    examined = {branch.version for branch in result.branches}
    if newer := _list_newer(fetched - examined, affected):
        raise UsageError(
            f"not requested: {join_words(newer)} not examined; newer trees get a fix first",
            hint=Hint(
                (
                    Action("backport", (commit, "--request"), "examine all with `{}`; "),
                    _override(result),
                )
            ),
        )
    return affected


def _refuse_in_review(branches: Iterable[BranchResult]) -> UsageError:
    reviews = [branch.review for branch in branches if branch.review]
    return UsageError(f"not requested: {stable_summary(reviews)}")


def _list_newer(versions: Collection[str], branches: Sequence[BranchResult]) -> list[str]:
    """Return the versions that are newer than one of the branches, the oldest first."""
    oldest = min((version_key(it.version) for it in branches if it.version), default=None)
    if oldest is None:
        return []
    return [it for it in sorted(versions, key=version_key) if version_key(it) > oldest]


def _list_required_commits(branches: Sequence[BranchResult]) -> list[str]:
    """Return the commits that the trees need before and after the fix, each on its own line."""
    sentences = []
    for place, rows in (
        ("before", [branch.prerequisites for branch in branches]),
        ("after", [branch.follow_ups for branch in branches]),
    ):
        lines = [tuple(f'  {it.commit} ("{it.subject}")' for it in row) for row in rows]
        for commits in dict.fromkeys(lines):
            trees = [
                branch.name for branch, row in zip(branches, lines, strict=True) if row == commits
            ]
            where = "" if len(trees) == len(branches) else f" on {join_words(trees)}"
            if commits:
                noun = "this commit" if len(commits) == 1 else "these commits"
                sentences += [f"It needs {noun} {place} it{where}:", *commits]
    return sentences


def match_test_reports(
    branches: Sequence[BranchResult], tested: Sequence[str], default_tester: str
) -> dict[str, str]:
    """Map each tested branch to the sentence that names the tested release and the tester.

    Raise `UsageError` if a report names none of the branches, or several releases.
    """
    names = [branch.name for branch in branches]
    hint = (
        f"build the branch with the fix, try it, and use --tested, for example '{names[0]} by NAME'"
    )
    reports: dict[str, str] = {}
    for report in tested:
        trial = parse_trial_report(report)
        if {",", "and"} & {*trial.place.replace(",", " , ").split()}:
            raise UsageError(
                f"tested on '{trial.place}': these are several releases",
                hint="use --tested once for each of them",
            )
        matches = [branch for branch in branches if trial.is_about(branch.version, branch.branch)]
        if not (matches and (trial.tester or default_tester)):
            raise UsageError(
                f"tested on '{trial.place}': none of the branches that the fix applies to",
                hint=hint,
            )
        reports |= {
            branch.branch: trial.sentence(default_tester, branch.branch) for branch in matches
        }
    return reports


def _require_releases(
    repository: Repository, branches: Sequence[BranchResult], tested: Sequence[str]
) -> None:
    """Raise `UsageError` if a report names a release that the fetched branch does not have yet."""
    for branch in branches:
        version = branch.version or ""
        numbers = parse_makefile_release(repository.blob(branch.tip, "Makefile"))
        if numbers is None or version != ".".join(map(str, numbers[:2])):
            continue
        for report in tested:
            trial = parse_trial_report(report)
            missing = trial.find_missing_release(version, numbers[2])
            if missing and not repository.find(f"v{missing}"):
                latest = f"{version}.{numbers[2]}".removesuffix(".0")
                raise UsageError(
                    f"tested on '{trial.place}': {branch.branch} ends at {latest}",
                    hint=f"use --tested '{latest} by NAME'; `git fetch --all` fetches {missing}",
                )


def _list_apply_facts(
    result: BackportResult,
    branches: Sequence[BranchResult],
    untested: Sequence[BranchResult],
) -> list[str]:
    """Return how the fix applies to the requested branches, and what holds for the others."""
    facts = _list_clean_facts(branches)
    for request in read_requests(result.short):
        if request.sent and (
            rows := [row for row in untested if request.is_for(row.version, row.branch)]
        ):
            facts.append(f"I asked for it on {_join_names(rows)} on {request.sent.date()}.")
            untested = [row for row in untested if row not in rows]
    if plain := [row for row in untested if not row.needs_backport]:
        facts.append(f"It applies to {_join_names(plain)} as well, but was not tested there.")
    if incomplete := [row for row in untested if row.needs_backport]:
        names = _join_names(incomplete)
        facts.append(f"On {names}, it needs a backport: code that it uses is missing.")
    for state, words in _REVIEWS.items():
        rows = [it for it in result.branches if it.review and it.review.state == state]
        if rows:
            facts.append(f"For {_join_names(rows)}, a backport {words}.")
    conflicts = [
        row for row in result.branches if row.verdict is BranchVerdict.CONFLICT and not row.review
    ]
    if adapted := [row for row in conflicts if row.adaptation]:
        names = _join_names(adapted)
        facts.append(f"On {names}, it needs an adapted backport, which was not built or tested.")
    if plain := [row for row in conflicts if not row.adaptation]:
        facts.append(f"It conflicts on {_join_names(plain)}.")
    return facts


def _list_clean_facts(branches: Sequence[BranchResult]) -> list[str]:
    """Return how the fix applies to the requested branches, and what it lacks there."""
    facts = []
    if alone := [row for row in branches if not row.prerequisites]:
        facts.append(f"git applies it to {_join_names(alone)} without conflicts.")
    if after := [row for row in branches if row.prerequisites]:
        facts.append(f"git applies it to {_join_names(after)} after the commits below.")
    if merged := [row for row in branches if row.verdict is BranchVerdict.THREE_WAY]:
        facts.append(f"On {_join_names(merged)}, it applies with a three-way merge only.")
    if incomplete := [row for row in branches if row.is_incomplete]:
        facts.append(f"On {_join_names(incomplete)}, code that it uses is missing.")
    return facts


def _join_names(rows: Sequence[BranchResult]) -> str:
    return join_words([row.name for row in rows])


def list_skipped_branches(result: BackportResult, mail: str) -> list[str]:
    """Return the newer branches that lack the fix and that a request omits."""
    requests = (StableRequest("", mail), *(it for it in read_requests(result.short) if it.sent))
    requested = [
        row
        for row in result.branches
        if any(request.is_for(row.version, row.branch) for request in requests)
    ]
    newer = {name for row in requested for name in row.lacking_newer}
    return [row.name for row in result.branches if row.branch in newer and row not in requested]


def list_recorded_tests(
    repository: Repository, result: BackportResult, *, everything: bool = False
) -> tuple[str, ...]:
    """Return the releases and branches on which the bug is gone with a fix, by the user's answers,
    and for whose branch the fix can be requested.
    """
    try:
        rows = list_requestable_branches(result, everything=everything)
    except UsageError:
        return ()
    return tuple(
        place
        for place in list_releases_without_bug(repository, result.commit or "")
        if any(TrialReport(place).is_about(row.version, row.branch) for row, _ in rows)
    )


def suggest_test_report(repository: Repository, result: BackportResult) -> str:
    """Return the first recorded test with its tester, such as "6.1.76 by NAME", or ""."""
    places, user = list_recorded_tests(repository, result), repository.identity
    return f"{places[0]} by {user.name}" if places and user else ""


def save_stable_request(
    repository: Repository, result: BackportResult, tested: Sequence[str]
) -> Path:
    """Save the request as a draft in the user's state directory, and return its file.

    An earlier draft that the user edited or sent is kept. Raise the same `UsageError` as
    `make_stable_request_mail`, and if nobody tested the fix.
    """
    if not any(tested):
        raise UsageError(
            "nobody tested the fix: stable trees take only tested fixes",
            hint="build the branch with the fix, and try it",
        )
    text = make_printable(
        make_stable_request_mail(
            repository, result, backport_trees(repository, None), tested=tested
        )
    )
    return update_draft_file(REQUESTS, result.short, text)


def _find_cc_addresses(
    repository: Repository,
    commit: Commit,
    stable: StableTrees,
    sender: Address | None,
) -> tuple[Address, ...]:
    """Return the Cc: addresses of the request: the contacts named in the commit, and the
    maintainers and lists of its files.
    """
    by_key = {address.key: address for address in find_backport_contacts([commit], (stable.list,))}
    for address in _find_commit_maintainers(repository, commit):
        if address.key != stable.list:
            by_key.setdefault(address.key, address)
    if sender:
        by_key.pop(sender.key, None)
    return tuple(by_key.values())


def _find_commit_maintainers(repository: Repository, commit: Commit) -> tuple[Address, ...]:
    """Return the maintainers and lists of the commit's files.

    The result is empty if there is no readable MAINTAINERS file.
    """
    tree = find_source_tree(None, repository)
    if not tree.exists("MAINTAINERS"):
        return ()
    try:
        sources = make_recipient_sources(tree, repository, {"git_fallback": False, "git": False})
        plan = plan_patches([format_commit_patch(repository, commit.id)], sources)
    except PatchpilotError:
        # a malformed MAINTAINERS does not matter: the stable maintainers still get the request
        return ()
    return tuple(recipient.address for recipient in plan.recipients if recipient.section)


def _find_first_paragraph(body: str) -> str:
    """Return the start of a message up to a paragraph that ends a sentence.

    A paragraph that ends in a colon introduces the next one, such as a log or code.
    """
    paragraphs: list[str] = []
    for paragraph in (block.strip("\n") for block in body.split("\n\n")):
        if paragraph.startswith(("[", "commit ", "Fixes:", "Signed-off-by:", "Cc:")):
            if paragraphs:
                break
        elif paragraph:
            paragraphs.append(paragraph)
            has_sentence = any(_SENTENCE_END.search(it) for it in paragraphs)
            if not (paragraph.endswith(":") or (paragraph[0].isspace() and not has_sentence)):
                break
    return "\n\n".join(paragraphs)
