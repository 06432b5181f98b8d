# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the actions that `backport` performs after computing the verdicts.

The actions write patches, prepare a clone to resolve a conflict, build, and write the request to
the stable maintainers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from patchpilot.backports.branch_choices import read_branch_choices
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_step import (
    INCOMPLETE,
    RESTING,
    BranchStep,
    StepKind,
    explain_stable_wait,
    find_branch_step,
    find_replacement,
    list_onto_options,
    make_manual_step,
    make_request_action,
    make_trial_action,
)
from patchpilot.backports.branch_verdicts import BackportRequest
from patchpilot.backports.build_objects import (
    FAILED,
    BranchBuild,
    is_object_build,
)
from patchpilot.backports.directory_patches import write_directory_backports
from patchpilot.backports.patches import BackportText
from patchpilot.backports.result import BackportResult
from patchpilot.backports.stable_request import (
    NOT_EXAMINED,
    list_recorded_tests,
    list_skipped_branches,
    make_stable_request_mail,
)
from patchpilot.backports.targets import backport_trees
from patchpilot.backports.work_clone import (
    ConflictResolution,
    build_backport,
    prepare_conflict_clone,
)
from patchpilot.backports.write import (
    WrittenBackport,
    backport_folder_name,
    require_identity,
    suggest_backport_folder,
    write_backports,
)
from patchpilot.commits.git_reading import read_identity
from patchpilot.commits.range import is_mail_source
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.model.action import Action, Advice
from patchpilot.model.follow_up import Reverted
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.model.printable import join_words
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.project import version_key
from patchpilot.resources import SEND_QUESTIONS
from patchpilot.threads.stable_requests import (
    StableRequest,
    find_trial_reports,
    parse_trial_report,
)

_UNTESTED = (
    "note: stable trees take only tested fixes: build the branch with the fix, try it (`{}` lists"
    " the commands), and repeat this with --tested 'VERSION by NAME' before you send it"
)
_UNFETCHED = (
    "note: newer trees get a fix first: fetch them with `patchpilot setup stable --fetch`, and"
    " repeat this for all"
)
_SKIPPED = (
    "note: newer trees get a fix first: this omits {}; try it there too, and repeat this with"
    " a --tested for each"
)
_FOLLOWED = (
    "then follow the answers: `patchpilot track add '<MESSAGE-ID>'`; git send-email prints the"
    " Message-ID, and the copy in your Sent folder has it"
)
_NOTE_NOT_WRITTEN = (
    "note: the text of --note was not written: it is added above your sign-off, with --signoff"
)
_BUILD_FAILED = "the branch compiles without the fix, but not with it"


@json_form("written? resolve=resolving? builds=built? request? next_commands")
@dataclass(frozen=True, slots=True)
class ActionResults:
    """The results of the actions that `backport` performs after computing the verdicts.

    They are the written patches, the clone with a conflict, the builds, and the request to the
    stable maintainers. If no action was requested, the result is the next command to run.
    """

    written: tuple[WrittenBackport, ...] = ()
    resolving: ConflictResolution | None = None
    built: tuple[BranchBuild, ...] = ()
    request: str = ""
    next: Advice = ""

    @property
    def next_commands(self) -> tuple[str, ...]:
        """Return the next command to run, or () if there is none."""
        return (self.next.command,) if isinstance(self.next, Action) else ()


def next_backport_step(
    repository: Repository | None,
    results: Sequence[BackportResult],
    request: BackportRequest,
) -> Advice:
    """Return the next command to run, with the asked --fixes, or "" if no branch needs the fix."""
    advice = _find_next_step(repository, results, request)
    if not isinstance(advice, Action) or advice.name != "backport" or results[-1].asked:
        return advice
    fixes = (argument for commit in request.fixes for argument in ("--fixes", commit))
    return advice._replace(arguments=(*advice.arguments, *fixes))


def _find_next_step(
    repository: Repository | None,
    results: Sequence[BackportResult],
    request: BackportRequest,
) -> Advice:
    result = results[-1]
    branches = [branch for branch in result.branches if branch.wants_fix]
    commit = result.short
    target = commit if result.asked else request.target or commit
    if not branches:
        return ""
    if result.reverted:
        return _next_step_after_revert(result, result.reverted, request.onto)
    if result.commit and not result.upstream and all(branch.tip for branch in branches):
        return _advise_before_merge(result, branches, target)
    choices = read_branch_choices(result, {}, {})
    works = [choices.find_sent_work(branch) for branch in branches]
    steps = [
        find_branch_step(result, branch, work._replace(target=target, onto=tuple(request.onto)))
        for branch, work in zip(branches, works, strict=True)
    ]
    if request.adapt:
        # what could not be adapted is not proposed to be adapted again
        steps = [
            make_manual_step(branch, target)
            if step.kind is StepKind.ADAPT and not branch.tip
            else step
            for branch, step in zip(branches, steps, strict=True)
        ]
    rows = tuple(zip(branches, steps, strict=True))
    # newer branches get a fix first
    newest = sorted(rows, key=lambda row: version_key(row[0].version or ""), reverse=True)
    step = min((it for _, it in newest), key=lambda step: _STEP_ORDER.index(step.kind))
    waits = _list_waits([row for row in rows if row[1] != step])
    ready = [branch for branch, branch_step in rows if branch_step == step]
    versions = join_words([branch.name for branch in ready])
    if step.kind is StepKind.WRITE:
        tree = repository.top if repository else Path(branches[0].branch)
        folder = suggest_backport_folder(tree, result.commit)
        if is_mail_source(target):
            # the folder of the commit may have other patches for the same branch
            folder = folder.with_name(f"{folder.name}-{Path(target).stem[:_LONGEST_NAME]}")
        action = _advise_writing(folder, target, rows, ready, request)
        return action._replace(reason=f"{waits}{action.reason}")
    if isinstance(step.advice, Action):
        start = waits + (f"use {commit}: " if result.asked else "next: ")
        if step.kind is StepKind.REQUEST:
            recorded = list_recorded_tests(repository, result) if repository else ()
            return _advise_request(step.advice, start, result, ready, request.tested or recorded)
        return step.advice._replace(reason=start + step.advice.reason)
    return waits + (str(step.advice) or _describe_step(step, versions))


def _advise_writing(
    folder: Path,
    target: str,
    rows: "Sequence[tuple[BranchResult, BranchStep]]",
    ready: Sequence[BranchResult],
    request: BackportRequest,
) -> Action:
    """Return the command that writes the patches of the branches, or sends what was written."""
    if written := _list_written(folder, ready):
        return Action("send", (written[0],), "next: send its patches: {}")
    open_branches = [row.branch for row, it in rows if it.kind not in RESTING]
    onto = list_onto_options(open_branches if len(open_branches) < len(rows) else request.onto)
    # with --adapt, a fix that was not adapted is not written with its prerequisites
    adapt = ("--adapt",) if any(branch.adaptation for branch in ready) else ()
    arguments = (target, *onto, *adapt, "--write", str(folder), "--signoff")
    return Action("backport", arguments, f"{_list_changes(rows)}next: {{}}")


def _list_written(folder: Path, branches: Sequence[BranchResult]) -> list[str]:
    """Return the folders of those branches whose patches were written before."""
    places = (folder / backport_folder_name(it.branch, it.version, it.tip) for it in branches)
    return [str(place) for place in places if any(place.glob("*.patch"))]


def _advise_request(
    action: Action,
    start: str,
    result: BackportResult,
    branches: Sequence[BranchResult],
    tested: Sequence[str],
) -> Action:
    """Return the command that requests a fix, after a test on the branches without one."""
    reports = find_trial_reports(result.commit or "", tested)
    untested = [
        it.name
        for it in branches
        if not any(report.is_about(it.version, it.branch) for report in reports)
    ]
    start += f"test it on {join_words(untested)}, then ask: " if untested else "ask for it: "
    # a request must not name a test on a branch for which it is not made
    options = (
        option
        for text in tested
        if any(parse_trial_report(text).is_about(it.version, it.branch) for it in branches)
        for option in ("--tested", text)
    )
    return action._replace(arguments=(*action.arguments, *options), reason=start + action.reason)


def _describe_step(step: BranchStep, versions: str) -> str:
    if step.kind is StepKind.SEND_REQUEST:
        return f"next: {step.text} for {versions}: `patchpilot --home` lists it"
    return f"next: {_describe_wait(step, versions)}"


def _advise_before_merge(
    result: BackportResult, branches: Sequence[BranchResult], target: str
) -> Advice:
    """Return the next step for a fix that is not in mainline, and what follows after the merge."""
    if result.merged:
        return "next: fetch the merge: `git fetch --all --tags`"
    if result.cc_stable:
        return ""
    if not (result.applied or result.is_tagged):
        return Action("stable", (target,), "next: {}")
    tag = "its Cc: stable line asks for the backports once it is in mainline"
    if not result.applied:
        return f"next: send it; {tag}"
    after = tag if result.is_tagged else "then ask for the backports; it has no Cc: stable line"
    needy = [row.name for row in branches if row.needs_backport]
    manual = f"; after that, send a backport to {join_words(needy)}" if needy else ""
    return f"next: wait for mainline: {after}{manual}"


def _describe_wait(step: BranchStep, versions: str) -> str:
    return f"wait for {versions}: {step.reason or step.text}"


def _list_waits(rows: Sequence[tuple[BranchResult, BranchStep]]) -> str:
    """Return a line for each step that is to wait, with its branches."""
    waits: dict[BranchStep, list[str]] = {}
    for branch, step in rows:
        if step.kind in RESTING and not step.advice:
            waits.setdefault(step, []).append(branch.name)
    return "".join(f"{_describe_wait(step, join_words(names))}\n" for step, names in waits.items())


def _list_changes(rows: Sequence[tuple[BranchResult, BranchStep]]) -> str:
    """Return a line that names the branches whose written patch is to be changed, or ""."""
    incomplete = [row.name for row, it in rows if it.kind is StepKind.WRITE and it.reason]
    return f"on {join_words(incomplete)}, {INCOMPLETE}\n" if incomplete else ""


_LONGEST_NAME = 40
_STEP_ORDER = (
    StepKind.CHANGE,
    StepKind.OPEN,
    StepKind.SEND_REQUEST,
    StepKind.REQUEST,
    StepKind.WRITE,
    StepKind.ADAPT,
    StepKind.RESOLVE,
    StepKind.IDENTIFY,
    StepKind.WAIT,
    StepKind.IN_REVIEW,
    StepKind.TAKEN,
    StepKind.SENT,
    StepKind.REQUESTED,
)
"""The steps of the command line: what is written first, then in the order of the changes that they
need.
"""


def _next_step_after_revert(
    result: BackportResult, reverted: Reverted, onto: Sequence[str]
) -> Advice:
    """Return the request for the fix that replaces a reverted one, or why there is no request."""
    replacement = find_replacement(result, result.branches)
    commit = result.short
    if replacement is None:
        return f"do not request {commit}: {reverted.words}"
    words = f"{commit} was reverted in mainline; use {replacement.commit[:12]} instead: {{}}"
    return make_request_action(replacement.commit, onto, words)


def run_backport_actions(
    repository: Repository | None,
    results: Sequence[BackportResult],
    request: BackportRequest,
    progress: Progress = ignore_progress,
) -> ActionResults:
    """Run the requested actions for the fixes.

    Only the last fix can be requested from the stable maintainers.
    Raise `MissingError` if an action needs commits but there is no repository.
    """
    if not request.has_actions:
        return ActionResults(next=next_backport_step(repository, results, request))
    if repository is None and (request.resolve or request.build or request.request):
        raise MissingError(
            "not in a git repository: this option only works on commits",
            hint=Action("", ("-C", "DIR"), "name one with {}"),
        )
    wording = make_backport_text(repository, request)
    folder, profile = None if request.resolve else request.folder, request.profile
    directory_backports = (
        write_directory_backports(results, folder, wording=wording, profile=profile)
        if folder
        else ()
    )
    if repository is None:
        return ActionResults(directory_backports)
    stable = backport_trees(repository, profile)
    final_result = results[-1]
    builds: tuple[BranchBuild, ...] = ()
    if request.build:
        builds = tuple(
            build_backport(
                repository,
                [(result, result.branches[index]) for result in results],
                stable,
                request.build,
                progress,
                adapt=request.adapt,
            )
            for index in range(len(final_result.branches))
        )
    skipped = _list_stable_waits(results, request) | {
        build.branch: _BUILD_FAILED
        for build in builds
        if is_object_build(request.build) and build.code == FAILED
    }
    writable = [
        replace(
            result,
            branches=tuple(branch for branch in result.branches if branch.branch not in skipped),
        )
        for result in results
    ]
    written: list[WrittenBackport] = []
    if folder and writable[-1].branches:
        written += write_backports(
            repository,
            writable,
            folder,
            wording=wording,
            profile=profile,
            adapt=request.adapt,
            everything=request.everything,
        )
    if folder:
        written += (WrittenBackport(name, (), skipped[name]) for name in sorted(skipped))
    resolving = None
    if request.resolve:
        pairs = [(result, result.branches[0]) for result in results]
        if request.adapt:
            # what cannot be adapted is resolved without prerequisites as well
            pairs = [(result, replace(row, prerequisites=())) for result, row in pairs]
        resolving = prepare_conflict_clone(
            repository,
            pairs,
            stable,
            request.folder,
            wording,
            request.target,
        )
    request_mail = send_hint = ""
    if request.request:
        request_mail = make_stable_request_mail(
            repository,
            final_result,
            stable,
            request.note,
            request.tested,
            everything=request.everything,
        )
        send_hint = "\n".join(_list_request_notes(final_result, request, request_mail))
    written += directory_backports
    files = [file for backport in (*written, resolving) if backport for file in backport.files]
    return ActionResults(
        written=tuple(written),
        resolving=resolving,
        built=builds,
        request=request_mail,
        next=send_hint or (_NOTE_NOT_WRITTEN if _lacks_note(files, wording.note) else ""),
    )


def _lacks_note(files: Sequence[Path], note: str) -> bool:
    """Return whether patches were written, but the user's note into none of them."""
    if not (files and note):
        return False
    texts = ("".join(file.read_text("utf-8", "replace").split()) for file in files)
    return not any("".join(note.split()) in text for text in texts)


def _list_stable_waits(
    results: Sequence[BackportResult], request: BackportRequest
) -> dict[str, str]:
    """Return the branches for which no patch is written because the stable maintainers take all
    fixes that they need by their tags, with the reason. Branches that the user names are written.
    """
    waits: dict[str, str] = {}
    if request.onto or request.everything:
        return waits
    for index, branch in enumerate(results[-1].branches):
        needed = [result for result in results if result.branches[index].wants_fix]
        reasons = [explain_stable_wait(result, result.branches[index]) for result in needed]
        if reasons and all(reasons):
            waits[branch.branch] = f"{reasons[-1]}; --all writes it anyway"
    return waits


def _list_request_notes(
    result: BackportResult, request: BackportRequest, mail: str
) -> Iterator[str]:
    """Yield what is missing from a request, then how to send it and follow the answers."""
    if not request.tested:
        asked = StableRequest("", mail)
        branch = next(row for row in result.branches if asked.is_for(row.version, row.branch))
        yield _UNTESTED.format(make_trial_action(result.short, branch.branch).command)
    if skipped := list_skipped_branches(result, mail):
        yield _SKIPPED.format(join_words(skipped))
    if NOT_EXAMINED in mail:
        yield _UNFETCHED
    name = quote(str(request.output)) if request.output else "FILE"
    written = "" if request.output else "to send it: -o FILE writes it, "
    yield f"read the message; {written}`git send-email {name}` sends it; {SEND_QUESTIONS}"
    yield _FOLLOWED


def make_backport_text(repository: Repository | None, request: BackportRequest) -> BackportText:
    """Return the user's additions to the patches of a request."""
    identity = repository.identity if repository else read_identity(Path.cwd())
    reply_to = parse_id_option(request.in_reply_to) if request.in_reply_to else None
    return BackportText(
        request.note if not request.request else "",
        require_identity(identity) if request.signoff else None,
        reply_to,
        identity,
    )
