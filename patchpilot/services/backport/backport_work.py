# SPDX-License-Identifier: GPL-2.0-or-later
"""Carry out the actions that `backport` offers in addition to verdicts.

The actions are writing patches, preparing a conflict for resolution, running builds, and
writing the request to the stable maintainers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.backport_patches import BackportText
from patchpilot.commits.git_reading import identity_in
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.model.action import Action, Advice
from patchpilot.model.counted import listed
from patchpilot.model.json_form import json_form
from patchpilot.model.message_id import given_message_id
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
    """The results of the actions that `backport` performed.

    Contains the written patches, the conflict prepared in a clone, the builds, the request to
    the stable maintainers, and the next command if nothing was carried out.
    """

    written: tuple[WrittenBackport, ...] = ()
    resolving: Resolving | None = None
    built: tuple[Built, ...] = ()
    request: str = ""
    next: Advice = ""


def next_step(results: Sequence[BackportResult], wanted: BackportRequest) -> Advice:
    """Return the command to run next, or "" if no branch needs the fix."""
    last = results[-1]
    branches = [branch for branch in last.branches if branch.wants_fix]
    onto = tuple(word for revision in wanted.onto for word in ("--onto", revision))
    target = wanted.target or last.commit or ""
    if not branches:
        return ""
    if last.commit and last.asked and last.upstream:
        versions = listed([branch.version or branch.branch for branch in branches])
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
    wanted: BackportRequest,
    progress: Progress = silent,
) -> WorkDone:
    """Perform the requested actions for some fixes with verdicts.

    Only the last fix is used to resolve a conflict and to create the request to the stable
    maintainers. Raise `MissingError` outside a repository if an action needs commits.
    """
    if not (wanted.folder or wanted.resolve or wanted.build or wanted.request):
        return WorkDone(next=next_step(results, wanted))
    if repository is None and (wanted.resolve or wanted.build or wanted.request):
        raise MissingError(
            "not in a git repository: this option only works on commits",
            hint=Action("", ("-C", "DIR"), "name one with {}"),
        )
    text = _text(repository, wanted)
    folder, profile = None if wanted.resolve else wanted.folder, wanted.profile
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
                wanted.build,
                progress,
                adapts=wanted.adapt,
            )
            for at in range(len(last.branches))
        )
        if wanted.build
        else ()
    )
    broken = {
        build.branch
        for build in built
        if is_objects(wanted.build) and build.code == FAILED
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
            adapts=wanted.adapt,
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
            wanted.folder,
            text,
            start=last.branches[0].adaptation,
        )
        if wanted.resolve
        else None,
        built=built,
        request=request_mail(repository, last, stable, wanted.note)
        if wanted.request
        else "",
        next=_SEND if wanted.request else "",
    )


def _text(repository: Repository | None, wanted: BackportRequest) -> BackportText:
    identity = repository.identity if repository else identity_in(Path.cwd())
    answered = given_message_id(wanted.in_reply_to) if wanted.in_reply_to else None
    return BackportText(
        wanted.note if not wanted.request else "",
        signer(identity) if wanted.signoff else None,
        answered,
        identity,
    )
