# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the actions of `backport` after the verdicts: write patches, prepare a conflict for
resolution, run builds, and write the request to the stable maintainers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.backport_patches import BackportText
from patchpilot.commits.git_reading import identity_in
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.model.printable import join_words
from patchpilot.model.progress import Progress, silent
from patchpilot.services.backport.backport_result import BackportResult
from patchpilot.services.backport.backport_targets import form_of
from patchpilot.services.backport.branch_verdicts import BackportRequest
from patchpilot.services.backport.build_objects import FAILED, Built, is_objects
from patchpilot.services.backport.directory_patches import write_for_directories
from patchpilot.services.backport.stable_request import request_mail
from patchpilot.services.backport.work_clone import Resolving, build, resolve
from patchpilot.services.backport.write_backports import (
    WrittenBackport,
    signer,
    write_backports,
)

_SEND = (
    "read the message; to send it: -o FILE writes it, `git send-email FILE` sends it"
)
_BROKEN = "the branch compiles without the fix, but not with it"


@json_form("written?", "resolve=resolving?", "builds=built?", "request?")
@dataclass(frozen=True, slots=True)
class WorkDone:
    """The results of the actions of `backport`: written patches, a conflict prepared in a clone,
    builds, the request to the stable maintainers, and the next command if nothing was done.
    """

    written: tuple[WrittenBackport, ...] = ()
    resolving: Resolving | None = None
    built: tuple[Built, ...] = ()
    request: str = ""
    next: Advice = ""


def next_step(results: Sequence[BackportResult], request: BackportRequest) -> Advice:
    """Return the command to run next, or "" if no branch needs the fix."""
    last = results[-1]
    branches = [branch for branch in last.branches if branch.wants_fix]
    onto = tuple(word for revision in request.onto for word in ("--onto", revision))
    target = request.target or last.commit or ""
    if not branches:
        return ""
    if last.commit and last.asked and last.upstream:
        versions = join_words([branch.version or branch.branch for branch in branches])
        verb = "does" if len(branches) == 1 else "do"
        return Action(
            "backport",
            (last.commit[:12], *onto, "--request"),
            f"use {last.commit[:12]}: {versions} {verb} not have it yet: {{}}",
        )
    if last.commit and not last.upstream:
        return Action("stable", (last.commit[:12],), "next: {}")
    if last.commit and any(result.verdict.startswith("clean") for result in branches):
        return Action("backport", (last.commit[:12], *onto, "--request"), "next: {}")
    if all(
        result.verdict == "conflict" and not result.prerequisites for result in branches
    ):
        return Action("backport", (target, "--resolve", branches[0].branch), "next: {}")
    return Action("backport", (target, *onto, "--write", "backports"), "next: {}")


def work(
    repository: Repository | None,
    results: Sequence[BackportResult],
    request: BackportRequest,
    progress: Progress = silent,
) -> WorkDone:
    """Perform the requested actions for fixes with verdicts.

    Only the last fix is used to resolve a conflict or write the request to the stable maintainers.
    Raise `MissingError` outside a repository if an action needs commits.
    """
    if not (request.folder or request.resolve or request.build or request.request):
        return WorkDone(next=next_step(results, request))
    if repository is None and (request.resolve or request.build or request.request):
        raise MissingError(
            "not in a git repository: this option only works on commits",
            hint=Action("", ("-C", "DIR"), "name one with {}"),
        )
    text = _text(repository, request)
    folder, profile = None if request.resolve else request.folder, request.profile
    unpacked = (
        write_for_directories(results, folder, wording=text, profile=profile)
        if folder
        else ()
    )
    if repository is None:
        return WorkDone(unpacked)
    stable = form_of(repository, profile)
    last = results[-1]
    built = (
        tuple(
            build(
                repository,
                [(result, result.branches[at]) for result in results],
                stable,
                request.build,
                progress,
                adapts=request.adapt,
            )
            for at in range(len(last.branches))
        )
        if request.build
        else ()
    )
    broken = {
        build.branch
        for build in built
        if is_objects(request.build) and build.code == FAILED
    }
    kept = [
        replace(
            result,
            branches=tuple(row for row in result.branches if row.branch not in broken),
        )
        for result in results
    ]
    written = (
        write_backports(
            repository,
            kept,
            folder,
            wording=text,
            profile=profile,
            adapts=request.adapt,
        )
        if folder and kept[-1].branches
        else ()
    )
    refused = tuple(WrittenBackport(name, (), _BROKEN) for name in sorted(broken))
    return WorkDone(
        written=(*written, *(refused if folder else ()), *unpacked),
        resolving=resolve(
            repository,
            last,
            last.branches[0],
            stable,
            request.folder,
            text,
            start=last.branches[0].adaptation,
        )
        if request.resolve
        else None,
        built=built,
        request=request_mail(repository, last, stable, request.note)
        if request.request
        else "",
        next=_SEND if request.request else "",
    )


def _text(repository: Repository | None, request: BackportRequest) -> BackportText:
    identity = repository.identity if repository else identity_in(Path.cwd())
    answered = parse_id_option(request.in_reply_to) if request.in_reply_to else None
    return BackportText(
        request.note if not request.request else "",
        signer(identity) if request.signoff else None,
        answered,
        identity,
    )
