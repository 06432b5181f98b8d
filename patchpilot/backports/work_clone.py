# SPDX-License-Identifier: GPL-2.0-or-later
"""Resolve conflicts and build backports in a separate clone.

The user's repository and working tree are not changed.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.build_objects import (
    OBJECTS,
    BranchBuild,
    compile_objects,
    require_compilable,
)
from patchpilot.backports.message import (
    add_notes,
    is_last_signer,
    make_backport_message,
    sign_message,
)
from patchpilot.backports.patches import (
    BackportText,
    MadeCommit,
    Step,
    changes_other_lines,
    compute_range_diff,
    make_commits,
)
from patchpilot.backports.posted_backport import adopt_message
from patchpilot.backports.resolved_code import list_resolution_doubts
from patchpilot.backports.result import BackportResult
from patchpilot.backports.write import (
    ON_SENT,
    UNSIGNED,
    WrittenBackport,
    add_follow_ups,
    advise_sign_off,
    backport_folder_name,
    explain_left_out,
    explain_not_upstream,
    format_note_hint,
    format_send_command,
    make_backport_messages,
    make_branch_wording,
    plan_backport_steps,
    recall_backport,
    remember_backport,
    write_mails,
)
from patchpilot.commits import alternates, confinement
from patchpilot.commits.git_command import git
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import RunWatch, run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import GitError, InputError, MissingError, UsageError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.origin import (
    find_explanation,
    find_unsigned_explanation,
)
from patchpilot.model.action import Action, Advice
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.project import StableTrees
from patchpilot.threads.conflict_clones import (
    WRITTEN,
    CloneState,
    find_conflict_clone,
    is_picking,
    name_clone_folder,
)

_BUILD_HOURS = 6.0
_PLAIN_FILE = "100"
_MARKER = b"\n<<<<<<< "
_ADAPTED = "refs/patchpilot/adapted"
"""The ref that marks a clone with an adapted fix; it names the branch's tip."""
_PREREQUISITES = "refs/patchpilot/prerequisites"
"""The ref of the last prerequisite in a clone that was prepared with some."""
_DRAFT = "patchpilot-draft-"
"""The start of the name of a file in .git with the notes and checksums of a fix's draft."""
_ADVICE = """
# Say above your own Signed-off-by what you adapted and why:
# [ yourname: … ]
"""


@json_form("branch folder state conflicted advice files")
@dataclass(frozen=True, slots=True)
class ConflictResolution:
    """A conflict that is resolved in a clone.

    `state` is `conflict` or `done`, `conflicted` lists the files that still have conflicts, and
    `advice` contains the next commands. After the conflict is resolved, `files` contains the
    patches, and `commits` the ids and subjects of the clone's commits, oldest first.
    """

    branch: str
    folder: Path
    state: str
    conflicted: tuple[str, ...]
    advice: tuple[Advice, ...]
    files: tuple[Path, ...] = ()
    commits: tuple[str, ...] = ()


def prepare_conflict_clone(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    stable: StableTrees,
    folder: Path | None,
    wording: BackportText,
    target: str | None = None,
) -> ConflictResolution:
    """Prepare a clone in which the prerequisites are committed and the fix is in conflict, or
    return an existing one.

    `pairs` contains each fix with its result for the branch. They are applied in order, and each
    conflict is resolved before the next fix. `target` is the TARGET that names them, by default the
    last fix. For an adapted fix, omit the prerequisites and write the adapted content to the
    conflicted files, unless the adaptation omits code. An existing clone is used as it is; if it
    was prepared without an adapted fix, or with prerequisites although there are none now, the
    first advice reports that. After the user has committed the resolution, write the patches to
    `folder`/<version>, by default next to the clone. Raise `UsageError` for a directory, a patch
    file, a fix that is not merged, or a folder with other patches.
    """
    result, branch = pairs[-1]
    if any(it.commit is None for it, _ in pairs) or result.commit is None or not branch.tip:
        raise UsageError(
            "--resolve: a directory or a patch file has no history to resolve conflicts with",
            hint="pass a commit and a branch",
        )
    if unmerged := [it.commit or "" for it, _ in pairs if not it.upstream]:
        raise UsageError(explain_not_upstream(unmerged[0]))
    pairs = [pair for pair in pairs if pair[1].wants_fix] or pairs[-1:]
    clone = _clone_folder(repository, result.commit, branch)
    steps = _list_picks(repository, pairs)
    if not (clone / ".git").exists():
        shutil.rmtree(_patch_folder(clone), ignore_errors=True)
        _prepare_clone(repository, steps, branch, stable, clone, wording)
    again = target if target and len(pairs) > 1 else result.short
    while step := _find_next_pick(clone, steps):
        _pick(repository, step, stable, clone, wording)
    resolution = _continue_resolution(repository, pairs, stable, clone, folder, wording, again)
    other = ""
    if any(step.adaptation for step in steps) and not _has_ref(clone, _ADAPTED):
        other = "without --adapt"
    elif not any(step.dep_of for step in steps) and _has_ref(clone, _PREREQUISITES):
        other = "with prerequisites"
    if other:
        note = f"this clone was prepared {other}; to start over: {_remove(clone)}"
        return replace(resolution, advice=(note, *resolution.advice))
    return resolution


def add_resolution(repository: Repository, commit: str, branch: BranchResult) -> BranchResult:
    """Return a branch with the clone in which the user resolves its conflict, and the folder of the
    patches that this produced.
    """
    if branch.verdict is not BranchVerdict.CONFLICT or not branch.tip:
        return branch
    clone = find_conflict_clone(_clone_folder(repository, commit, branch), branch.name)
    folder = find_resolution_folder(repository, commit, branch) if clone else None
    return replace(branch, clone=clone, resolved=str(folder or ""))


def find_resolution_folder(
    repository: Repository, commit: str, branch: BranchResult
) -> Path | None:
    """Return the folder of patches that resolving a branch's conflict produced, or None."""
    clone = find_conflict_clone(_clone_folder(repository, commit, branch), branch.name)
    if clone is None or clone.state is not CloneState.WRITTEN:
        return None
    written = recall_backport(commit, branch)
    folder = written.files[0].parent if written else _patch_folder(clone.folder)
    return folder if any(folder.glob("*.patch")) else None


def build_backport(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    stable: StableTrees,
    command: str,
    progress: Progress = ignore_progress,
    *,
    adapt: bool = False,
) -> BranchBuild:
    """Run a command in a temporary clone of a branch with the fixes and their prerequisites.

    The command is split into arguments and run without a shell; the command `objects` compiles the
    files that each commit changes. `pairs` contains each fix with its result for the branch.
    `adapt` works like in `plan_backport_steps`. A command for a backport of a mail is confined;
    raise `MissingError` if this machine cannot do that.
    """
    branch = pairs[0][1]
    argv = shlex.split(command)
    if not argv:
        raise UsageError(
            "--build: no command given",
            hint="use a command, for example --build 'make -j8 drivers/net/'",
        )
    if command == OBJECTS:
        require_compilable(repository, CommitTree(repository, branch.tip))
    steps, skip_reason = plan_backport_steps(
        repository, pairs, upstream_only=False, adapt=adapt, everything=True
    )
    if not steps:
        return BranchBuild(
            branch.branch,
            -1,
            str(skip_reason)
            or "nothing to build: the branch has the fix, or does not have the bug",
        )
    with ScratchStore(repository) as scratch, TemporaryFolder("build") as build_folder:
        commits = make_commits(scratch, stable, steps, branch.tip, BackportText())
        folder = build_folder / "tree"
        _clone_without_checkout(repository, folder, extra=scratch.path)
        if command == OBJECTS:
            return compile_objects(repository, folder, branch, commits[-1].id, progress)
        git(folder, "checkout", "-q", "--detach", commits[-1].id, timeout=1800)
        report = partial(progress, f"{branch.branch}: {argv[0]}")
        watch = RunWatch(_BUILD_HOURS * 3600, report)
        if any(step.posted and step.posted.is_mail for step in steps):
            if not (limits := confinement.find_confinement()).is_complete:
                raise MissingError(
                    f"{limits.describe()}, and a mail contains the code to build",
                    hint=f"{limits.remedy}; or write it with --write, read and apply it, and"
                    f" run `{command}` yourself",
                )
            access = confinement.Access((repository.common_dir / "objects",), (folder,))
            result = confinement.run_confined(argv, access, cwd=folder, timeout=watch)
        else:
            result = run(argv, cwd=folder, env=dict(os.environ), timeout=watch)
    output = (result.out + result.err).decode("utf-8", "replace")
    return BranchBuild(branch.branch, result.code, "\n".join(output.strip().split("\n")[-20:]))


def _clone_folder(repository: Repository, commit: str, branch: BranchResult) -> Path:
    return name_clone_folder(repository.common_dir, commit, branch.name)


def _patch_folder(folder: Path) -> Path:
    return folder.with_name(folder.name + ".patches")


def _has_ref(clone: Path, ref: str) -> bool:
    return bool(git(clone, "for-each-ref", ref).text)


def _remove(clone: Path) -> str:
    """Return the command that removes a clone and the patches of its resolution."""
    folders = [clone, *filter(Path.exists, (_patch_folder(clone),))]
    return shlex.join(("rm", "-r", *map(str, folders)))


def _clone_without_checkout(repository: Repository, clone: Path, extra: Path | None = None) -> None:
    """Clone the repository without checking out files.

    The clone shares the repository's objects and uses the user's identity.
    """
    clone.parent.mkdir(parents=True, exist_ok=True)
    source = repository.common_dir.resolve()
    with TemporaryFolder("source") as folder:
        # use a symbolic link, because git cannot read an alternate whose path contains a newline
        link = folder / "repository"
        link.symlink_to(source)
        git(
            None,
            "clone",
            "-q",
            "--shared",
            "--no-checkout",
            "--no-tags",
            str(link),
            str(clone),
            timeout=1800,
        )
    git(clone, "config", "remote.origin.url", str(source))
    alternates.write_alternates(
        clone / ".git" / "objects", source / "objects", *([extra] if extra else [])
    )
    identity = repository.identity
    if identity:
        git(clone, "config", "user.name", identity.name)
        git(clone, "config", "user.email", identity.email)


def _list_picks(
    repository: Repository, pairs: Sequence[tuple[BackportResult, BranchResult]]
) -> list[Step]:
    """Return the fixes in order, each after its prerequisites unless it is adapted."""
    steps: dict[str, Step] = {}
    fixes = {result.commit for result, _ in pairs}
    for result, answer in pairs:
        fix = repository.commit(result.commit or "")
        for prerequisite in () if answer.partial or answer.adaptation else answer.prerequisites:
            if prerequisite.commit not in fixes:
                step = Step(repository.commit(prerequisite.commit), fix)
                steps.setdefault(prerequisite.commit, step)
        steps[fix.id] = Step(fix, adaptation=answer.adaptation)
    return list(steps.values())


def _find_next_pick(clone_folder: Path, steps: Sequence[Step]) -> Step | None:
    """Return the next commit to apply in a clone, or None if one is in conflict, if all were
    applied, or if the first fix is missing. The prerequisites of the first fix are not applied
    after it.
    """
    if is_picking(clone_folder):
        return None
    with Repository.open(clone_folder) as clone:
        done = _list_picked(clone)
    first = next(number for number, step in enumerate(steps) if step.dep_of is None)
    missing = [step for step in steps[first:] if not step.commit.id.startswith(done or ("-",))]
    return missing[0] if missing and missing[0] is not steps[first] else None


def _list_picked(clone: Repository) -> tuple[str, ...]:
    """Return the mainline commits that the commits in a clone name."""
    commits = clone.rev_list(f"refs/patchpilot/base..{clone.resolve('HEAD')}")
    return tuple(
        upstream
        for commit in clone.commits(commits)
        for upstream in read_commit_marks(commit.message).upstream
    )


def _prepare_clone(
    repository: Repository,
    steps: Sequence[Step],
    branch: BranchResult,
    stable: StableTrees,
    folder: Path,
    wording: BackportText,
) -> None:
    """Create a clone with the prerequisites of the first fix, and apply this fix."""
    fix = next(step for step in steps if step.dep_of is None)
    prerequisites = steps[: steps.index(fix)]
    is_adapted = any(step.adaptation for step in steps)
    partial_clone = folder.with_name(folder.name + ".unready")
    shutil.rmtree(partial_clone, ignore_errors=True)
    try:
        with ScratchStore(repository) as scratch:
            commits = make_commits(scratch, stable, prerequisites, branch.tip, wording)
            _clone_without_checkout(repository, partial_clone, extra=scratch.path)
            base = commits[-1].id if commits else branch.tip
            git(
                partial_clone,
                "checkout",
                "-q",
                "-B",
                f"backport-{fix.commit.short}",
                base,
                timeout=1800,
            )
            refs = {"refs/patchpilot/base": branch.tip}
            refs |= {_ADAPTED: branch.tip} if is_adapted else {}
            refs |= {_PREREQUISITES: base} if commits else {}
            for ref, commit in refs.items():
                git(partial_clone, "update-ref", ref, commit)
            # copy the objects that only the temporary object store contains, because it is about to
            # be deleted
            _copy_objects(partial_clone, scratch, commits)
        _pick(repository, fix, stable, partial_clone, wording)
        partial_clone.rename(folder)
    except (OSError, GitError) as error:
        shutil.rmtree(partial_clone, ignore_errors=True)
        if isinstance(error, OSError):
            raise InputError(f"cannot create {folder}: {error.strerror or error}") from error
        raise


def _pick(
    repository: Repository, step: Step, stable: StableTrees, folder: Path, wording: BackportText
) -> None:
    """Apply a commit in a clone, with the message of a backport and its adapted content.

    If a person must decide, leave the conflict.
    """
    git(
        folder,
        "-c",
        "core.editor=true",
        "cherry-pick",
        "--allow-empty",
        step.commit.id,
        ok=(0, 1),
        timeout=1800,
    )
    start = None if step.adaptation and step.adaptation.is_conflict_left else step.adaptation
    message = make_backport_message(
        adopt_message(repository, step.commit, start),
        stable,
        dep_of=step.dep_of,
        notes=start.notes if start else (),
        signer=wording.signer,
        adapter=wording.adapter if start else None,
    )
    for path, (mode, content) in (
        ((path, content) for path, content in start.contents.items() if content) if start else ()
    ):
        # a symbolic link may point outside the clone
        if mode.startswith(_PLAIN_FILE):
            (folder / path).write_bytes(content)
    if start:
        sums = {path: _checksum(it[1]) for path, it in start.contents.items() if it}
        draft = folder / ".git" / f"{_DRAFT}{step.commit.id}"
        draft.write_text(json.dumps([start.notes, sums]), encoding="utf-8")
    merge_message = folder / ".git" / "MERGE_MSG"
    if merge_message.exists():
        merge_message.write_text(message + _ADVICE, encoding="utf-8", errors="surrogateescape")
    else:
        git(
            folder,
            "commit",
            "-q",
            "--amend",
            "--no-verify",
            "-F",
            "-",
            stdin=message.encode("utf-8", "surrogateescape"),
        )


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _omit_draft_notes(clone: Repository, own: Commit, original: Commit) -> tuple[str, list[str]]:
    """Return the message of a resolved commit without the notes on files of the draft that the
    user changed, and these files if a note was omitted.
    """
    draft = _read_bytes(clone.common_dir / f"{_DRAFT}{original.id}") or b"[[], {}]"
    notes, sums = json.loads(draft)
    changed = [path for path in sums if _checksum(clone.blob(own.id, path) or b"") != sums[path]]
    message = own.message
    for note in notes:
        path = next((it for it in sums if note.startswith(f"{it}:")), "")
        if changed and (not path or path in changed):
            words = r"\s+".join(map(re.escape, note.split()))
            message = re.sub(rf"^\[ \S+: {words} \](?:\n|\Z)", "", message, flags=re.MULTILINE)
    return message, changed if message != own.message else []


def _copy_objects(folder: Path, scratch: ScratchStore, commits: Sequence[MadeCommit]) -> None:
    """Copy the objects of the temporary object store into the clone, so that the store can be
    deleted.
    """
    if commits:
        for file in scratch.path.glob("??/*"):
            destination = folder / ".git" / "objects" / file.parent.name / file.name
            if not destination.exists():
                destination.parent.mkdir(exist_ok=True)
                shutil.copyfile(file, destination)
    alternates.write_alternates(
        folder / ".git" / "objects",
        (scratch.repository.common_dir / "objects").resolve(),
    )


def _continue_resolution(
    repository: Repository,
    pairs: Sequence[tuple[BackportResult, BranchResult]],
    stable: StableTrees,
    clone_folder: Path,
    user_folder: Path | None,
    wording: BackportText,
    target: str,
) -> ConflictResolution:
    branch = pairs[-1][1]
    with Repository.open(clone_folder) as clone:
        conflicted = tuple(
            path
            for path in clone.git("diff", "--name-only", "--diff-filter=U", "-z").text.split("\0")
            if path
        )
        head = clone.commit(clone.resolve("HEAD"))
        base = clone.resolve("refs/patchpilot/base")
        picked = _list_picked(clone)
        is_done = all((result.commit or "").startswith(picked or ("-",)) for result, _ in pairs)
        if is_picking(clone_folder) or not is_done:
            is_draft = _has_ref(clone_folder, _ADAPTED) and not any(
                _MARKER in _read_bytes(clone_folder / path) for path in conflicted
            )
            verb = "read and correct the draft in" if is_draft else "edit"
            advice = (
                f"cd {shlex.quote(str(clone_folder))}",
                *((f"{verb}: " + ", ".join(conflicted[:8]),) if conflicted else ()),
                "git add -u && git cherry-pick --continue",
                f"cd {shlex.quote(str(repository.top))}",
                Action(
                    "backport",
                    (target, "--resolve", branch.branch, "--signoff"),
                    "then run again: {}",
                ),
            )
            return ConflictResolution(branch.branch, clone_folder, "conflict", conflicted, advice)
        with ScratchStore(clone) as scratch:
            own_commits = [
                clone.commit(id_) for id_ in clone.rev_list("--reverse", f"{base}..{head.id}")
            ]
            commits = tuple(f"{commit.id[:12]} {commit.subject}" for commit in own_commits)
            resolved_commits = [
                _read_resolved_commit(repository, scratch, commit, wording)
                for commit in own_commits
            ]
            wording = make_branch_wording(wording, [each for _, each in pairs])
            made, left_out = add_follow_ups(scratch, stable, pairs, resolved_commits, wording)
            is_added = len(made) > len(own_commits)
            reviewed = {it.commit for _, each in pairs for it in each.prerequisites if it.review}
            sent = [it.original.short for it in made if it.original.id in reviewed]
            made = tuple(it for it in made if it.original.id not in reviewed)
            mails = make_backport_messages(scratch, stable, made, base, branch.version, wording)
            files, edited = _write_resolution(
                clone_folder,
                user_folder / backport_folder_name(branch.branch, branch.version, branch.tip)
                if user_folder
                else _patch_folder(clone_folder),
                mails,
                is_signed=wording.signer is not None,
                is_own=user_folder is None,
            )
            again: tuple[str, ...] = (target, "--resolve", branch.branch)
            again += ("--write", str(user_folder)) if user_folder else ()
            amend = f"git -C {shlex.quote(str(clone_folder))} commit --amend"
            doubts = [
                doubt
                for own, commit in zip(own_commits, resolved_commits, strict=True)
                for doubt in list_resolution_doubts(clone, own, commit.original)
            ]
            for own, commit in zip(own_commits, resolved_commits, strict=True):
                if changed := _omit_draft_notes(clone, own, commit.original)[1]:
                    doubts.append(
                        f"omitted the notes on the draft of {own.subject!r}: you changed"
                        f" {', '.join(changed)}"
                    )
            hint: Advice = format_note_hint(made, files, f"explain them in the message: {amend}")
            hints: list[Advice] = []
            if hint:
                # the files have the message as it was before
                write = Action("backport", (*again, "--signoff"), "then write them again: {}")
                hints = [hint, write]
            elif not wording.signer:
                hint = _find_sign_hint(own_commits, resolved_commits, wording.adapter, again)
                if is_added and not hint:
                    hint = _advise_missing_sign_off(again)
                hints = [hint] if hint else []
    send = format_send_command(files, [(result.short, row) for result, row in pairs])
    written = WrittenBackport(branch.branch, files, send=send)
    remember_backport([result for result, _ in pairs], written)
    return ConflictResolution(
        branch.branch,
        clone_folder,
        "done",
        (),
        (
            *hints,
            *doubts,
            *map(explain_left_out, left_out),
            *([ON_SENT.format(", ".join(sent))] if sent else []),
            *(f"you edited {name}, so it is kept; remove it to write it again" for name in edited),
            f"send them: {send}",
            f"keep the files for a v2; once the branch has the fix: {_remove(clone_folder)}",
        ),
        files,
        commits,
    )


def _write_resolution(
    clone: Path,
    folder: Path,
    mails: Sequence[tuple[str, bytes]],
    *,
    is_signed: bool,
    is_own: bool,
) -> tuple[tuple[Path, ...], list[str]]:
    """Write the patches to a folder. Return their paths, and the names of edited ones.

    Files that the user edited are kept, and so are sign-offs unless the user asks for other ones
    (`is_signed`). Earlier patches are removed from the folder of the clone (`is_own`). Raise
    `UsageError` if the user's folder has patches with other names, because its patches are sent as
    one series, or patches that this clone did not write.
    """
    # copies of what was written to this folder show what the user edited since
    copies = clone / ".git" / WRITTEN / hashlib.sha256(bytes(folder.resolve())).hexdigest()
    old = set(folder.glob("*.patch")) - {
        folder / name
        for name, content in mails
        if is_own or (copies / name).exists() or _read_bytes(folder / name) == content
    }
    if old and not is_own:
        raise UsageError(
            f"{folder} already has other patches", hint="name another folder, or remove the patches"
        )
    edited, rest = list[str](), list[tuple[str, bytes]]()
    for name, content in mails:
        before = _read_bytes(folder / name)
        if before and (copy := _read_bytes(copies / name)) and before != copy:
            edited.append(name)
        elif is_signed or _omit_sign_offs(before, content) != content:
            rest.append((name, content))
    write_mails(folder, rest, overwrite=True)
    write_mails(copies, rest, overwrite=True)
    for file in old:
        file.unlink(missing_ok=True)
    return tuple(folder / name for name, _ in mails), edited


def _read_bytes(file: Path) -> bytes:
    """Return the content of a file, or b"" if there is none."""
    return file.read_bytes() if file.exists() else b""


def _omit_sign_offs(before: bytes, content: bytes) -> bytes:
    """Return a patch without the sign-offs that another content of it lacks."""
    lines = frozenset(content.split(b"\n"))
    return b"\n".join(
        line
        for line in before.split(b"\n")
        if line in lines or not line.startswith(b"Signed-off-by: ")
    )


def _find_sign_hint(
    own_commits: Sequence[Commit],
    made: Sequence[MadeCommit],
    identity: Address | None,
    arguments: Sequence[str],
) -> Advice:
    """Return how to add the user's sign-off if the user's commits lack it, or "".

    `arguments` contains the arguments of `backport` that write the patches.
    """
    if any(
        find_unsigned_explanation(own.message, commit.original.message)
        for own, commit in zip(own_commits, made, strict=True)
    ):
        return advise_sign_off(arguments)
    is_signed = identity and all(is_last_signer(own.message, identity) for own in own_commits)
    return "" if is_signed else _advise_missing_sign_off(arguments)


def _advise_missing_sign_off(arguments: Sequence[str]) -> Action:
    return Action("backport", (*arguments, "--signoff"), f"{UNSIGNED}; `{{}}` writes them with it")


def _read_resolved_commit(
    repository: Repository, scratch: ScratchStore, own: Commit, wording: BackportText
) -> MadeCommit:
    """Return the user's commit, signed off, with the mainline commit that its message names.

    If its lines differ from that commit's, the user's note is added above the sign-off.
    """
    upstream = read_commit_marks(own.message).upstream
    original_id = repository.find(upstream[0]) if upstream else None
    commit = repository.commit(original_id) if original_id else own
    tree, parent, id_ = own.tree, own.parents[0], own.id
    message, _ = _omit_draft_notes(scratch.repository, own, commit)
    difference = compute_range_diff(scratch, commit, tree, parent) if commit is not own else ""
    if (signer := wording.signer) and difference and wording.note and wording.note not in message:
        message = add_notes(message, (wording.note,), signer)
    elif signer:
        has_note = bool(find_unsigned_explanation(message, commit.message))
        message = sign_message(message, signer, has_note=has_note)
    if message != own.message:
        id_ = scratch.commit_like(own, tree, parent, message)
    if commit is own:
        return MadeCommit(id_, own, "")
    return MadeCommit(
        id_,
        commit,
        difference,
        is_explained=bool(find_explanation(message, commit.message)),
        is_changed=changes_other_lines(scratch, commit, tree, parent),
    )
