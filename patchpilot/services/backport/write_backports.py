# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a backport's patches, ready to send, with one folder per branch."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.backport_patches import (
    BackportText,
    MadeCommit,
    Step,
    format_series,
    make_commits,
)
from patchpilot.backports.branch_result import BranchVerdict
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, MissingError, PatchpilotError, UsageError
from patchpilot.model.action import Action, Advice
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.projects.project import StableTrees
from patchpilot.series.cover_letter import fill, strip_comments, template
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.backport_targets import form_of
from patchpilot.write_file import replace_file

_NOT_ADAPTED = (
    "the fix cannot be adapted: omit --adapt to write it with its prerequisites"
)
_SIGN = "your sign-off belongs below your note: use --signoff"


@json_form("branch", "files", "skipped~", "in_reply_to=answers~")
@dataclass(frozen=True, slots=True)
class WrittenBackport:
    """The patches written for a branch, in order, or the reason why none were written.

    `answers` is the message that the patches reply to, and `hint` a remaining step for the user.
    `send` is the command to send them ("" if they are not for a mailing list). `is_signed` is set
    if they have the user's sign-off.
    """

    branch: str
    files: tuple[Path, ...]
    skipped: Advice = ""
    answers: str = ""
    hint: str = ""
    send: str = ""
    is_signed: bool = False


def signer(identity: Address | None) -> Address:
    """Return the user's identity for the sign-off. Raise `MissingError` if git has no identity."""
    if identity is None:
        raise MissingError(
            "git user.name and user.email are not set",
            hint="run `git config --global user.name 'Your Name'`, and set user.email",
        )
    return identity


def send_commands(written: Sequence[WrittenBackport]) -> tuple[str, ...]:
    """Return the commands that send the patches, the latest branch first.

    In this order, users do not lose a fix by updating. There is no command for whole commits that
    could replace partial ones.
    """
    sent = [backport for backport in written if backport.files and backport.send]
    sent.sort(key=_version, reverse=True)
    return tuple(backport.send for backport in sent)


def _version(backport: WrittenBackport) -> tuple[int, ...]:
    return tuple(
        int(number) for number in re.findall(r"\d+", backport.files[0].parent.name)
    )


def send_command(files: Sequence[Path]) -> str:
    """Return the command that sends a folder's patches.

    Their headers contain the recipients and the message they reply to.
    """
    return f"git send-email {shlex.quote(str(files[0].parent))}/*.patch"


def find_failed_messages(
    results: Sequence[BackportResult],
) -> dict[tuple[str, str], str]:
    """Return the stable maintainers' FAILED messages about commits of tracked series, by (commit,
    version).
    """
    from patchpilot.archive.track_store import Store, default_file
    from patchpilot.topic.followed.follow_series import failed_mails

    commits = [result.commit for result in results if result.commit]
    if not commits or not default_file().exists():
        return {}
    with Store() as store:
        return failed_mails(commits, store=store)


def make_answer_texts(
    wording: BackportText,
    mails: Mapping[tuple[str, str], str],
    commits: Sequence[str | None],
    version: str | None,
) -> BackportText:
    """Return the texts for one branch, and the message that its patches reply to.

    This is the user's choice or, by default, the FAILED message about the first commit with one.
    """
    named = (mails.get((commit or "", version or "")) for commit in commits)
    mail = wording.in_reply_to or next(filter(None, named), None)
    return replace(wording, in_reply_to=mail)


def write_backports(
    repository: Repository,
    results: Sequence[BackportResult],
    folder: Path,
    *,
    wording: BackportText,
    profile: str | None = None,
    adapts: bool = False,
) -> tuple[WrittenBackport, ...]:
    """Write the patches for every branch that needs the fix and accepts it.

    The patches, each after its prerequisites, go into `folder`/<version>; for directories, see
    `directory_patches`.

    Only upstream commits are written, because stable trees accept no others. Partial prerequisites
    are written as parts. Raise `UsageError` if a folder already contains patches. Unless `wording`
    specifies a message, the patches reply to the FAILED message about the fix in a tracked series.
    """
    stable = form_of(repository, profile)
    written: list[WrittenBackport] = []
    mails_got = {} if wording.in_reply_to else find_failed_messages(results)
    with Scratch(repository) as scratch:
        for at in range(len(results[-1].branches)):
            pairs = [(result, result.branches[at]) for result in results]
            branch = pairs[0][1]
            if not branch.tip:
                continue
            mine = make_answer_texts(
                wording,
                mails_got,
                [result.commit for result, answer in pairs if answer.wants_fix],
                branch.version,
            )
            steps, skipped = steps_for(repository, pairs, adapts=adapts)
            if not steps:
                why = skipped or "the branch has the fix, or does not have the bug"
                written.append(WrittenBackport(branch.branch, (), why))
                continue
            try:
                commits = make_commits(scratch, stable, steps, branch.tip, wording)
            except PatchpilotError as error:
                written.append(WrittenBackport(branch.branch, (), error.message))
                continue
            mails = mails_of(scratch, stable, commits, branch.tip, branch.version, mine)
            files = write_mails(folder / folder_name(branch), mails)
            mail = mine.in_reply_to
            explained = any(commit.is_explained for commit in commits)
            written.append(
                WrittenBackport(
                    branch.branch,
                    files,
                    answers=f"<{parse_id_option(mail)}>" if mail else "",
                    hint=_SIGN if explained and wording.signer is None else "",
                    send=send_command(files) if stable.list else "",
                    is_signed=wording.signer is not None,
                )
            )
    return tuple(written)


def steps_for(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    *,
    upstream_only: bool = True,
    adapts: bool = False,
) -> tuple[list[Step], Advice]:
    """Return the commits to apply to a branch, in order, or no commits and the reason.

    Partial prerequisites are reduced to the fix's files. An adapted fix needs no prerequisites.
    With `adapts`, skip a conflicting fix that could not be adapted, even if it has prerequisites.
    """
    steps: list[Step] = []
    seen: set[str] = set()
    for result, answer in pairs:
        if not answer.wants_fix:
            continue
        if result.commit is None or not answer.tip:
            return [], "a directory or patch file has no commits to write"
        if upstream_only and not result.upstream:
            return [], explain_not_upstream(result.commit)
        fix = FixCommit.read(repository, result.commit)
        if obstacle := _obstacle(fix.commit, answer, adapts=adapts):
            return [], obstacle
        paths = fix.paths if answer.partial else ()
        for need in answer.prerequisites if not answer.adaptation else ():
            if need.commit not in seen:
                seen.add(need.commit)
                steps.append(Step(repository.commit(need.commit), fix.commit, paths))
        steps.append(Step(fix.commit, adaptation=answer.adaptation))
    return steps, ""


def explain_not_upstream(commit: str) -> str:
    """Explain why no backport is written for a commit outside mainline."""
    return (
        f"{commit[:12]} is not in your copy of mainline: stable trees take only"
        " mainline commits (fetch it, or use Cc: stable)"
    )


def _obstacle(fix: Commit, answer: BranchResult, *, adapts: bool) -> Advice:
    """Explain why a fix cannot be applied to a branch; return "" if it can."""
    adapted, where = answer.adaptation, ("--resolve", answer.branch)
    if adapted:
        return (
            ""
            if adapted.is_sure
            else Action(
                "backport",
                (fix.id[:12], "--adapt", *where),
                f"adapted with a confidence of {adapted.confidence:.2f} only; review it with: {{}}",
            )
        )
    if answer.verdict is not BranchVerdict.CONFLICT:
        return ""
    if not answer.prerequisites:
        return Action(
            "backport", (fix.id[:12], *where), "conflict; resolve it with: {}"
        )
    return _NOT_ADAPTED if adapts else ""


def mails_of(
    scratch: Scratch,
    stable: StableTrees,
    commits: Sequence[MadeCommit],
    tip: str,
    version: str | None,
    wording: BackportText,
) -> list[tuple[str, bytes]]:
    """Return the messages of a series of backports.

    A patch that differs from upstream has a note below its `---`.
    """
    tree = version or "stable"
    notes = [note_of(commit, tree, wording) for commit in commits]
    return format_series(scratch, stable, commits, tip, tree, wording, notes)


def note_of(commit: MadeCommit, version: str, wording: BackportText) -> str:
    """Return the note below the `---` of a backport.

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
            f"Only part of upstream commit {commit.original.short}: its changes to"
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
    return strip_comments(
        fill(
            template("backport-adapted" if commit.is_explained else "backport-note"),
            values,
        )
    )


def folder_name(branch: BranchResult) -> str:
    """Return the name of the folder for a branch's or directory's patches."""
    name = branch.version or (
        branch.tip[:12] if branch.branch == branch.tip else branch.branch
    )
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-") or "branch"


def write_mails(
    folder: Path, mails: Sequence[tuple[str, bytes]], *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write messages into a folder and return their paths.

    Raise `UsageError` if the folder already contains patches, unless `overwrite` is set, and
    `InputError` if it cannot be written.
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
            replace_file(folder / name, content)
            files.append(folder / name)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror or error}"
        ) from error
    return tuple(files)
