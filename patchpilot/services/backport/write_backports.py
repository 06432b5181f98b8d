# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the patches of a backport, ready to send, with one folder per branch."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.backports.backport_patches import (
    BackportText,
    MadeCommit,
    Step,
    format_series,
    make_commits,
)
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.verdict import BranchVerdict
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, PatchpilotError, UsageError
from patchpilot.model.action import Action, Advice
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.message_id import given_message_id
from patchpilot.projects.stable_trees import StableTrees
from patchpilot.series.cover_letter import fill, template, without_comments
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.backport_targets import form_of

_NOT_ADAPTED = (
    "the fix cannot be adapted: omit --adapt to write it with its prerequisites"
)
_SIGN = "your sign-off belongs below your note: use --signoff"


@json_form("branch", "files", "skipped~", "in_reply_to=answers~")
@dataclass(frozen=True, slots=True)
class WrittenBackport:
    """The patches written for a branch, in order, or the reason why none were written.

    `answers` is the message that the patches reply to, and `hint` is a remaining step for the
    user. `send` is the command that sends them ("" if they are not for a mailing list), and
    `is_signed` is whether they have the user's sign-off.
    """

    branch: str
    files: tuple[Path, ...]
    skipped: Advice = ""
    answers: str = ""
    hint: str = ""
    send: str = ""
    is_signed: bool = False


def send_commands(written: Sequence[WrittenBackport]) -> tuple[str, ...]:
    """Returns the commands that send the patches, the latest branch first.

    In that order nobody loses a fix by updating. Whole commits that could replace parts are
    an alternative, which has no command.
    """
    sent = [one for one in written if one.files and one.send]
    sent.sort(key=_version, reverse=True)
    return tuple(one.send for one in sent)


def _version(backport: WrittenBackport) -> tuple[int, ...]:
    return tuple(
        int(number) for number in re.findall(r"\d+", backport.files[0].parent.name)
    )


def send_command(files: Sequence[Path]) -> str:
    """Returns the command that sends the patches of a folder.

    Their recipients, and the message that they reply to, are in their headers.
    """
    return f"git send-email {shlex.quote(str(files[0].parent))}/*.patch"


def answered(results: Sequence[BackportResult]) -> dict[tuple[str, str], str]:
    """Returns the FAILED messages of the stable maintainers about commits of tracked series.

    The keys are (commit, version). The result is empty if no series is tracked.
    """
    from patchpilot.archive.track_store import Store, default_file
    from patchpilot.topic.followed.follow_series import failed_mails

    commits = [result.commit for result in results if result.commit]
    if not commits or not default_file().exists():
        return {}
    with Store() as store:
        return failed_mails(commits, store=store)


def answering(
    wording: BackportText,
    mails: Mapping[tuple[str, str], str],
    commits: Sequence[str | None],
    version: str | None,
) -> BackportText:
    """Returns the texts for one branch, with the message that its patches reply to.

    This is the message named by the user or, by default, the FAILED message about the first
    commit that has such a message.
    """
    mail = next(
        (
            mails[commit, version]
            for commit in commits
            if commit and version and (commit, version) in mails
        ),
        None,
    )
    return (
        wording
        if wording.in_reply_to or not mail
        else replace(wording, in_reply_to=mail)
    )


def write_backports(
    repository: Repository,
    results: Sequence[BackportResult],
    folder: Path,
    *,
    wording: BackportText,
    profile: str | None = None,
    adapts: bool = False,
    unsure: bool = False,
) -> tuple[WrittenBackport, ...]:
    """Writes the patches for every branch that needs the fix and to which it applies.

    The patches, each after its prerequisites, are written into `folder`/<version>; for
    directories, see `directory_patches`.

    Only commits that are upstream are written, because a stable tree accepts no others.
    Partial prerequisites are written as parts. If whole commits could replace the parts, they
    are written into `folder`/<version>-whole as an alternative. Raises `UsageError` if a
    folder already has patches. If `wording` names no message to answer, the patches reply to
    the FAILED message about the fix in a tracked series.
    """
    stable = form_of(repository, profile)
    written: list[WrittenBackport] = []
    mails_got = {} if wording.in_reply_to else answered(results)
    with Scratch(repository) as scratch:
        for at in range(len(results[-1].branches)):
            pairs = [(result, result.branches[at]) for result in results]
            branch = pairs[0][1]
            if not branch.tip:
                continue
            mine = answering(
                wording,
                mails_got,
                [result.commit for result, answer in pairs if answer.wants_fix],
                branch.version,
            )
            for whole in (
                (False, True) if any(answer.whole for _, answer in pairs) else (False,)
            ):
                name = f"{branch.branch} (whole commits)" if whole else branch.branch
                steps, skipped = steps_for(
                    repository,
                    pairs,
                    parts=True,
                    whole=whole,
                    adapts=adapts,
                    unsure=unsure,
                )
                if skipped or not steps:
                    written.append(
                        WrittenBackport(
                            name,
                            (),
                            skipped
                            or "the branch has the fix, or does not have the bug",
                        )
                    )
                    continue
                try:
                    commits_made = make_commits(
                        scratch, stable, steps, branch.tip, wording
                    )
                except PatchpilotError as error:
                    written.append(WrittenBackport(name, (), error.message))
                    continue
                mails = mails_of(scratch, stable, commits_made, branch, mine)
                files = write_mails(
                    folder / (folder_name(branch) + ("-whole" if whole else "")), mails
                )
                answers = (
                    f"<{given_message_id(mine.in_reply_to)}>"
                    if mine.in_reply_to
                    else ""
                )
                unsigned = wording.signer is None and any(
                    commit.is_explained for commit in commits_made
                )
                written.append(
                    WrittenBackport(
                        name,
                        files,
                        answers=answers,
                        hint=_SIGN if unsigned else "",
                        send=send_command(files) if stable.list and not whole else "",
                        is_signed=wording.signer is not None,
                    )
                )
    return tuple(written)


def steps_for(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    *,
    upstream_only: bool = True,
    parts: bool = False,
    whole: bool = False,
    adapts: bool = False,
    unsure: bool = False,
) -> tuple[list[Step], Advice]:
    """Returns the commits to apply to a branch, in order, or the reason why not.

    If prerequisites are needed only in part, there are no such commits unless `parts` accepts
    the prerequisites reduced to the fix's files; `whole` uses the whole commits that could
    replace them, if they are known. An adapted fix needs no prerequisites; `unsure` accepts
    any confidence. With `adapts`, a fix that conflicts and could not be adapted is not
    applied, even with its prerequisites.
    """
    steps: list[Step] = []
    seen: set[str] = set()
    for result, answer in pairs:
        if not answer.wants_fix:
            continue
        if result.commit is None or not answer.tip:
            return [], "a directory or patch file has no commits to write"
        if upstream_only and not result.upstream:
            return (
                [],
                (
                    f"{result.commit[:12]} is not in your copy of mainline: stable trees take only"
                    " mainline commits (fetch it, or use Cc: stable)"
                ),
            )
        fix = repository.commit(result.commit)
        if taken(answer.adaptation, unsure=unsure):
            steps.append(Step(fix, adaptation=answer.adaptation))
            continue
        if obstacle := _obstacle(fix, answer, parts=parts, adapts=adapts):
            return [], obstacle
        needs, paths = (
            answer.prerequisites,
            FixCommit.read(repository, fix.id).paths if answer.partial else (),
        )
        if whole and answer.whole:
            needs, paths = answer.whole, ()
        for need in needs:
            if need.commit not in seen:
                seen.add(need.commit)
                steps.append(Step(repository.commit(need.commit), fix, paths))
        steps.append(Step(fix))
    return steps, ""


def _obstacle(
    fix: Commit, answer: BranchResult, *, parts: bool, adapts: bool
) -> Advice:
    """Why a fix that was not adapted cannot be applied to a branch; "" if it can."""
    if answer.adaptation:
        return not_sure(answer.adaptation)
    if answer.verdict is not BranchVerdict.CONFLICT:
        return ""
    if (answer.partial and not parts) or not answer.prerequisites:
        return Action(
            "backport",
            (fix.id[:12], "--resolve", answer.branch),
            "conflict; resolve it with: {}",
        )
    return _NOT_ADAPTED if adapts else ""


def mails_of(
    scratch: Scratch,
    stable: StableTrees,
    commits: Sequence[MadeCommit],
    branch: BranchResult,
    wording: BackportText,
) -> list[tuple[str, bytes]]:
    """Returns the messages of a series of backports.

    A patch that differs from upstream has a note about it below its `---`.
    """
    version = branch.version or "stable"
    notes = [note_of(commit, version, wording) for commit in commits]
    return format_series(scratch, stable, commits, branch.tip, version, wording, notes)


def note_of(commit: MadeCommit, version: str, wording: BackportText) -> str:
    """Returns the note below the `---` of a backport.

    The note is empty unless the backport differs from upstream or lacks a trailer.
    """
    return "\n\n".join(
        part
        for part in (_difference(commit, version, wording), *commit.refused)
        if part
    )


def _difference(commit: MadeCommit, version: str, wording: BackportText) -> str:
    if commit.parts:
        return (
            f"Only a part of upstream commit {commit.original.short}: its changes to"
            f" {', '.join(commit.parts)}."
        )
    if not commit.rangediff:
        return ""
    values = {
        "commit": commit.original.short,
        "name": wording.signer.name if wording.signer else "your name",
        "tree": version,
        "rangediff": commit.rangediff,
    }
    return without_comments(
        fill(
            template("backport-adapted" if commit.is_explained else "backport-note"),
            values,
        )
    )


def taken(adapted: Adaptation | None, *, unsure: bool) -> Adaptation | None:
    """Returns the adaptation if it may be used, otherwise None.

    An adaptation of low confidence may be used only if `unsure` is set.
    """
    return adapted if adapted and (unsure or adapted.is_sure) else None


def not_sure(adapted: Adaptation) -> str:
    """Returns the reason why an adaptation is written only on request."""
    return (
        f"adapted with a confidence of {adapted.confidence:.2f} only: read its steps, and write it"
        " with --try"
    )


def folder_name(branch: BranchResult) -> str:
    """Returns the name of the folder for the patches of a branch or directory."""
    name = branch.version or (
        branch.tip[:12] if branch.branch == branch.tip else branch.branch
    )
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-") or "branch"


def write_mails(
    folder: Path, mails: Sequence[tuple[str, bytes]], *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Writes messages into a folder and returns their paths.

    Raises `UsageError` if the folder already has patches and `overwrite` is not set, and
    `InputError` if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not overwrite and any(folder.glob("*.patch")):
            raise UsageError(
                f"{folder} already has patches",
                hint="name another folder, or remove the patches",
            )
        files = []
        for name, content in mails:
            (folder / name).write_bytes(content)
            files.append(folder / name)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror or error}"
        ) from error
    return tuple(files)
