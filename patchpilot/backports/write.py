# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the patches of a backport, ready to send, into one folder per branch."""

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path

from patchpilot.backports.adapted_fix import NOT_ADAPTED
from patchpilot.backports.branch_result import (
    BranchResult,
    find_review_state,
    find_sent_time,
    needs_next_version,
)
from patchpilot.backports.patches import (
    BackportText,
    MadeCommit,
    Step,
    format_series,
    make_commits,
)
from patchpilot.backports.result import BackportResult
from patchpilot.backports.targets import backport_trees
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, MissingError, PatchpilotError, UsageError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.own_branches import adopt_form, find_form
from patchpilot.model.action import Action, Advice
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.follow_up import Follower
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.projects.project import StableTrees
from patchpilot.resources import read_draft_file, save_draft_file
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    strip_template_comments,
)
from patchpilot.write_file import replace_file

_OMIT_ADAPT = f"{NOT_ADAPTED}: omit --adapt to write it with its prerequisites"
_NOT_BUILT = "Applies to the branch; neither built nor tested there."
ON_SENT = "applies after patches that were sent or queued: {}"
UNSIGNED = "they lack your Signed-off-by"
UNSIGNED_HINT = f"{UNSIGNED}; remove them and run `patchpilot backport` again with --signoff"


@json_form("branch files skipped~ in_reply_to=answers~ left_out")
@dataclass(frozen=True, slots=True)
class WrittenBackport:
    """The patches written for a branch, in order, or the reason why none were written.

    `answers` is the message that the patches reply to, and `hint` describes a step that the user
    must still take. `send` is the command that sends the patches, or "" if there is no mailing
    list. `is_signed` is set if the patches have the user's sign-off. `left_out` lists the
    follow-ups of the fix that do not apply after it.
    """

    branch: str
    files: tuple[Path, ...]
    skipped: Advice = ""
    answers: str = ""
    hint: Advice = ""
    send: str = ""
    is_signed: bool = False
    left_out: tuple[Follower, ...] = ()


def require_identity(identity: Address | None) -> Address:
    """Return the user's identity, or raise `MissingError` if git has none."""
    if identity is None:
        raise MissingError(
            "git user.name and user.email are not set",
            hint="run `git config --global user.name 'Your Name'`, and set user.email",
        )
    return identity


def format_send_commands(backports: Sequence[WrittenBackport]) -> tuple[str, ...]:
    """Return the commands that send the patches, starting with the latest branch.

    With this order, a user who updates to a newer branch never loses a fix. If a branch has patches
    with whole commits as an alternative to parts of commits, there is no command for them.
    """
    sendable = [backport for backport in backports if backport.files and backport.send]
    sendable.sort(key=_branch_version_key, reverse=True)
    return tuple(backport.send for backport in sendable)


def _branch_version_key(backport: WrittenBackport) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", backport.files[0].parent.name))


def format_send_command(files: Sequence[Path], fixes: Iterable[tuple[str, BranchResult]]) -> str:
    """Return the command that sends the patches in a folder.

    It sends the next version if patches for one of the `fixes`, each with its result for the
    branch, were sent or changes to them were requested.

    The patches' headers contain the recipients and the message that they reply to. `send` records
    what it sent, so that the series is tracked and is not sent twice.
    """
    reroll = "--reroll " if any(starmap(needs_next_version, fixes)) else ""
    return f"patchpilot send {reroll}{shlex.quote(str(files[0].parent))}/*.patch"


def make_branch_wording(
    wording: BackportText, branch_results: Sequence[BranchResult]
) -> BackportText:
    """Return the texts for one branch, including the message that its patches reply to.

    By default, the patches reply to the first FAILED message about one of the fixes.
    """
    failed_messages = (branch.failed for branch in branch_results if branch.wants_fix)
    reply_to = wording.in_reply_to or next(filter(None, failed_messages), None)
    return replace(wording, in_reply_to=reply_to)


def write_backports(
    repository: Repository,
    results: Sequence[BackportResult],
    folder: Path,
    *,
    wording: BackportText,
    profile: str | None = None,
    adapt: bool = False,
    everything: bool = False,
) -> tuple[WrittenBackport, ...]:
    """Write the patches for each branch that needs the fix and to which it applies.

    The patches go into `folder`/<version>, which `recall_backport` then finds, each after its
    prerequisites, and the follow-ups of the fixes last; for directories, see `directory_patches`.
    Only commits in mainline are written, because stable trees accept no others. If the fix needs
    only a part of a prerequisite, only that part is written. Raise `UsageError` if a folder already
    contains patches. Unless `wording` names a message, the patches reply to the FAILED message
    about the fix.
    """
    project_trees = backport_trees(repository, profile)
    backports = []
    with ScratchStore(repository) as scratch:
        for index in range(len(results[-1].branches)):
            pairs = [(result, result.branches[index]) for result in results]
            branch = pairs[0][1]
            if not branch.tip:
                continue
            stable = adopt_form(project_trees, find_form(repository, branch.branch))
            branch_texts = make_branch_wording(
                wording, [branch_result for _, branch_result in pairs]
            )
            steps, skip_reason = plan_backport_steps(
                repository, pairs, adapt=adapt, everything=everything
            )
            if not steps:
                reason = skip_reason or "the branch has the fix, or does not have the bug"
                backports.append(WrittenBackport(branch.branch, (), reason))
                continue
            try:
                commits = make_commits(scratch, stable, steps, branch.tip, wording)
                sent = [step.commit for step in steps if step.is_sent]
                own_pairs = [it for it in pairs if it[0].commit not in {each.id for each in sent}]
                commits, left_out = add_follow_ups(scratch, stable, own_pairs, commits, wording)
            except PatchpilotError as error:
                reason = f"{error.message} ({skip_reason})" if skip_reason else error.message
                backports.append(WrittenBackport(branch.branch, (), reason))
                continue
            commits = tuple(it for it in commits if it.original not in sent)
            messages = make_backport_messages(
                scratch, stable, commits, branch.tip, branch.version, branch_texts
            )
            name = backport_folder_name(branch.branch, branch.version, branch.tip)
            branch_folder = folder / name
            files = write_mails(branch_folder, messages)
            if stable.has_series_file:
                names = "".join(f"{file.name}\n" for file in files)
                write_mails(branch_folder, [("series", names.encode())], overwrite=True)
            reply_to = branch_texts.in_reply_to
            written = {commit.original.id for commit in commits}
            own = [(result.short, row) for result, row in pairs if result.commit in written]
            is_explained = any(commit.is_explained for commit in commits)
            backport = WrittenBackport(
                branch.branch,
                files,
                answers=f"<{parse_id_option(reply_to)}>" if reply_to else "",
                hint=format_note_hint(commits, files)
                or (
                    advise_sign_off(_list_write_options(*pairs[-1], folder, adapt), branch_folder)
                    if is_explained and wording.signer is None
                    else ""
                )
                or (ON_SENT.format(", ".join(it.short for it in sent)) if sent else ""),
                send=format_send_command(files, own) if stable.addresses else "",
                is_signed=wording.signer is not None,
                left_out=left_out,
            )
            remember_backport([result for result, _ in pairs], backport)
            backports.append(backport)
    return tuple(backports)


def advise_sign_off(arguments: Sequence[str], folder: Path | None = None) -> Action:
    """Return the `backport` command that writes patches with the user's sign-off.

    It writes no patches over those in `folder`, which are removed first.
    """
    first = f"remove {folder}, then " if folder else ""
    words = f"your sign-off belongs below your note: {first}run `{{}}`"
    return Action("backport", (*arguments, "--signoff"), words)


def _list_write_options(
    result: BackportResult, answer: BranchResult, folder: Path, adapt: bool
) -> tuple[str, ...]:
    """Return the arguments of `backport` that write the patches for a branch."""
    posted = answer.posted.patch if answer.posted else None
    target = (posted.commit or posted.source) if posted else result.short
    adapted = ("--adapt",) if adapt or answer.adaptation else ()
    return (target, "--onto", answer.branch, *adapted, "--write", str(folder))


def add_follow_ups(
    scratch: ScratchStore,
    stable: StableTrees,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    commits: Sequence[MadeCommit],
    wording: BackportText,
) -> tuple[tuple[MadeCommit, ...], tuple[Follower, ...]]:
    """Return the commits of a backport with the follow-ups of its fixes, and those left out.

    `pairs` contains each fix with its result for the branch. A follow-up that does not apply after
    the commits is left out, and so are its own follow-ups.
    """
    made = list(commits)
    done = {commit.original.id for commit in commits}
    judged = {result.commit for result, _ in pairs}
    left_out: dict[str, Follower] = {}
    for result, answer in pairs:
        for follower in answer.follow_ups if result.commit in done else ():
            if follower.commit in done | judged:
                continue
            step = Step(scratch.repository.commit(follower.commit))
            try:
                if follower.of in left_out:
                    raise UsageError("it fixes a commit that is not written")
                (more,) = make_commits(scratch, stable, [step], made[-1].id, wording)
            except PatchpilotError:
                left_out.setdefault(follower.commit, follower)
                continue
            if scratch.tree_of(more.id) != scratch.tree_of(made[-1].id):
                made.append(more)
                done.add(follower.commit)
    return tuple(made), tuple(left_out.values())


def explain_left_out(follower: Follower) -> str:
    """Explain that a follow-up was not written with its fix."""
    return (
        f"not written: {follower.reference} does not apply after the fix; see `patchpilot"
        f" backport {follower.commit[:12]}`"
    )


def plan_backport_steps(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    *,
    upstream_only: bool = True,
    adapt: bool = False,
    everything: bool = False,
) -> tuple[list[Step], Advice]:
    """Return the commits to apply to a branch, in order, or the reason why there are none.

    If the fix needs only a part of a prerequisite, the result has only the changes to the fix's
    files. An adapted fix needs only the prerequisites that people name. A fix that mainline
    reverted is skipped, unless `everything` is set. A fix or prerequisite whose patches for the
    branch were sent or queued is only applied below the others; such a fix is skipped if it does
    not apply. With `adapt`, skip a conflicting fix that could not be adapted, even if it has
    prerequisites.
    """
    steps = list[Step]()
    added_commits = set()
    skip_reason = ""
    for result, answer in pairs:
        if not answer.wants_fix:
            continue
        if result.reverted and not everything:
            skip_reason = f"{result.reverted.words}; --all writes it anyway"
            continue
        sent = "" if everything else _explain_sent(result, answer)
        skip_reason = sent or skip_reason
        if result.commit is None or not answer.tip:
            return [], "a directory or patch file has no commits to write"
        if upstream_only and not result.upstream:
            return [], explain_not_upstream(result.commit)
        fix = FixCommit.read(repository, result.commit)
        if obstacle := _explain_obstacle(fix.commit, answer, adapt=adapt):
            if sent:
                continue
            return [], obstacle
        # the fix was adapted instead of searching for prerequisites, but not instead of named ones
        is_adapted = answer.adaptation is not None and answer.search is not None
        for prerequisite in () if is_adapted else answer.prerequisites:
            if prerequisite.commit not in added_commits:
                added_commits.add(prerequisite.commit)
                steps.append(
                    Step(
                        repository.commit(prerequisite.commit),
                        fix.commit,
                        prerequisite.paths,
                        is_sent=bool(sent or (prerequisite.review and not everything)),
                    )
                )
        steps.append(
            Step(
                fix.commit,
                adaptation=answer.adaptation,
                posted=answer.posted,
                is_sent=bool(sent),
            )
        )
    return [] if all(step.is_sent for step in steps) else steps, skip_reason


def _explain_sent(result: BackportResult, answer: BranchResult) -> str:
    """Return that patches of a fix for a branch wait for an answer, or ""."""
    sent = find_sent_time(result.short, answer) if result.commit else None
    # without a message, the state is a mark, which may have been removed since
    reported = answer.reported if answer.reported and answer.reported.message_id else None
    review = find_review_state(answer.name, reported, sent)
    if review is None:
        return ""
    since = f" on {review.date.date()}" if review.date else ""
    return f"{review.words}{since}; --all writes it again, to another folder"


def explain_not_upstream(commit: str) -> str:
    """Explain why a commit outside mainline is not backported."""
    return (
        f"{commit[:12]} is not in your copy of mainline: stable trees take only"
        " mainline commits (fetch it, or use Cc: stable)"
    )


def _explain_obstacle(fix: Commit, answer: BranchResult, *, adapt: bool) -> Advice:
    adaptation, resolve_arguments = answer.adaptation, ("--resolve", answer.branch)
    if adaptation:
        return (
            ""
            if adaptation.is_sure
            else Action(
                "backport",
                (fix.id[:12], "--adapt", *resolve_arguments),
                f"{adaptation.draft_words}; review it with: {{}}",
            )
        )
    if answer.verdict is not BranchVerdict.CONFLICT:
        return ""
    if not answer.prerequisites:
        return Action(
            "backport",
            (fix.id[:12], *resolve_arguments),
            "conflict; resolve it with: {}",
        )
    return _OMIT_ADAPT if adapt else ""


def make_backport_messages(
    scratch: ScratchStore,
    stable: StableTrees,
    commits: Sequence[MadeCommit],
    tip: str,
    version: str | None,
    wording: BackportText,
    *,
    is_built: bool = True,
) -> list[tuple[str, bytes]]:
    """Return the messages of a backported series.

    A patch with other lines than upstream has a note below its `---`. Unless `is_built` is set,
    each note states that the patch was not built.
    """
    tree = version or "stable"
    notes = [format_backport_note(commit, tree) for commit in commits]
    if not is_built:
        notes = [f"{note}\n\n{_NOT_BUILT}" if note else _NOT_BUILT for note in notes]
    return format_series(scratch, stable, commits, tip, tree, wording, notes)


def format_backport_note(commit: MadeCommit, version: str) -> str:
    """Return the note to insert below a backport's `---`.

    It is empty unless the lines of the backport differ from upstream, its message has an adaptation
    note, or it lacks a trailer. It contains nothing that the author must fill in.
    """
    return "\n\n".join(
        paragraph
        for paragraph in (
            _format_difference_note(commit, version),
            *commit.refused,
        )
        if paragraph
    )


def _format_difference_note(commit: MadeCommit, version: str) -> str:
    if commit.parts:
        return (
            f"Only part of upstream commit {commit.original.short}: its changes to"
            f" {', '.join(commit.parts)}."
        )
    if not (commit.rangediff and (commit.is_changed or commit.is_explained)):
        return ""
    values = {
        "commit": commit.original.short,
        "tree": version,
        "rangediff": commit.rangediff,
    }
    return strip_template_comments(
        fill_template(
            read_template("backport-adapted" if commit.is_explained else "backport-note"),
            values,
        )
    )


def format_note_hint(
    commits: Sequence[MadeCommit],
    files: Sequence[Path],
    step: str = "explain them with --note TEXT --signoff",
) -> str:
    """Return the step that is left for patches with other lines than upstream and without an
    explanation, or "" if there are none.
    """
    names = [file.name for commit, file in zip(commits, files, strict=True) if commit.lacks_note]
    return f"{', '.join(names)}: not the lines of upstream; {step}" if names else ""


_FOLDERS = "backport-folders"
"""The folder of the state directory with the folder of the patches for each fix and branch."""


def remember_backport(results: Sequence[BackportResult], backport: WrittenBackport) -> None:
    """Remember the folder with the patches of fixes for a branch."""
    folder = str(backport.files[0].parent.absolute())
    text = json.dumps([folder, bool(backport.send)])
    for result in results:
        save_draft_file(_FOLDERS, _backport_key(result.commit or "", backport.branch), text)


def recall_backport(commit: str, branch: BranchResult) -> WrittenBackport | None:
    """Return the patches of a fix that were written for a branch, or None if there are none left.

    Whether they were signed off and what they reply to is not remembered.
    """
    try:
        folder, has_list = json.loads(
            read_draft_file(_FOLDERS, _backport_key(commit, branch.branch))
        )
        files = tuple(sorted(Path(folder).glob("*.patch")))
    except (ValueError, TypeError, OSError):
        return None
    send = format_send_command(files, [(commit[:12], branch)]) if files and has_list else ""
    return WrittenBackport(branch.branch, files, send=send) if files else None


def _backport_key(commit: str, branch: str) -> str:
    return f"{commit[:12]} {branch}"


def suggest_backport_folder(tree: Path, commit: str | None) -> Path:
    """Return a folder for the patches of a fix, next to the tree.

    Patches in the working tree could be committed by accident.
    """
    tree = tree.resolve()
    folder = tree.with_name(f"{tree.name}-backports")
    return folder / commit[:12] if commit else folder


def backport_folder_name(branch: str, version: str | None, tip: str) -> str:
    """Return the folder name for the patches of a branch or directory."""
    name = version or (tip[:12] if branch == tip else branch)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-") or "branch"


def write_mails(
    folder: Path, mails: Sequence[tuple[str, bytes]], *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write messages into a folder, and return their paths.

    Raise `UsageError` if the folder already contains patches and `overwrite` is not set, and
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
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
    return tuple(files)
