# SPDX-License-Identifier: GPL-2.0-or-later
"""For every stable branch: is the fix there, is the bug there, does the fix apply, and what would make it apply."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.backports.conflict import Place
from patchpilot.backports.directory import judge_directory
from patchpilot.backports.fix import Fix
from patchpilot.backports.prerequisites import Need, Search, State, find_prerequisites
from patchpilot.backports.scratch import Scratch
from patchpilot.backports.verdict import Answer, Verdict, judge
from patchpilot.commits.range import read_targets, resolve_commits
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree import DirectoryTree
from patchpilot.errors import MissingError, UsageError, nearest
from patchpilot.history.branches import Branch, Branches, Missing, fetch_command, mainline, queue_refs, stable_branches, version_at
from patchpilot.history.landed import Culprit, History
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class BranchResult:
    """The answer for one branch or tree. `tip` is "" for a directory."""

    branch: str
    version: str | None
    tip: str
    verdict: Verdict
    reason: str
    affected: bool | None
    applies: str | None
    landed_as: str | None
    landed_by: str | None
    queued: bool
    culprit_as: str | None
    conflicts: tuple[Place, ...] = ()
    prerequisites: tuple[Need, ...] = ()
    partial: bool = False
    search: str | None = None
    commands: tuple[str, ...] = ()
    ends: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class BackportResult:
    """The answers for one fix. `commit` is None when the fix is a patch file."""

    commit: str | None
    subject: str
    culprits: tuple[str, ...]
    branches: tuple[BranchResult, ...]
    missing: tuple[Missing, ...] = ()


def backport(
    repository: Repository | None,
    target: str | None,
    onto: Sequence[str] = (),
    *,
    profile: str | None = None,
    remote: str = "",
    ended: bool = False,
    effort: float = 10.0,
    base: str | None = None,
    progress: Progress = silent,
) -> tuple[BackportResult, ...]:
    """The answers for each commit of TARGET, oldest first, on `onto` (revisions or directories) or else on the stable branches found."""
    revisions, folders = _split(repository, onto)
    patches = _patches(repository, target, base)
    if revisions or not onto:
        if repository is None:
            raise MissingError("no git repository here", hint="name one with -C DIR, or a directory with --onto DIR")
        if any(patch.commit is None for patch in patches):
            raise UsageError(f"{target} is a patch file: it has no history to compare", hint="commit it first (git am), or give --onto DIR")
        found = stable_branches(repository, profile=profile, remote=remote, ended=ended)
        branches = _named(repository, found, revisions) if revisions else found.branches
        if not branches and not folders:
            raise MissingError("no stable branch is among the refs", hint=fetch_command(repository, found.family, _newest(found)))
        results = _on_branches(repository, [patch.commit or "" for patch in patches], branches, found, not onto, effort, progress)
    else:
        results = tuple(BackportResult(patch.commit, patch.subject.title, (), ()) for patch in patches)
    if not folders:
        return results
    return tuple(_with_folders(result, patch, folders) for result, patch in zip(results, patches, strict=True))


def _on_branches(
    repository: Repository,
    commits: Sequence[str],
    branches: Sequence[Branch],
    found: Branches,
    is_default: bool,
    effort: float,
    progress: Progress,
) -> tuple[BackportResult, ...]:
    with History(repository, progress) as history, Scratch(repository) as scratch:
        main = mainline(repository)
        history.add([*([main] if main else []), *commits, *(one.tip for one in branches)])
        results = []
        for commit in commits:
            fix = Fix.read(repository, commit)
            culprits = history.culprits(commit)
            answers = []
            for number, branch in enumerate(branches):
                progress(f"{fix.commit.short} on {branch.name}", number, len(branches))
                answers.append(_on_branch(history, scratch, fix, culprits, branch, found, effort, progress))
            named = tuple(one.commit or one.written for one in culprits)
            results.append(BackportResult(commit, fix.commit.subject, named, tuple(answers), found.missing if is_default else ()))
        return tuple(results)


def _on_branch(
    history: History,
    scratch: Scratch,
    fix: Fix,
    culprits: tuple[Culprit, ...],
    branch: Branch,
    found: Branches,
    effort: float,
    progress: Progress,
) -> BranchResult:
    answer = judge(history, scratch, fix, culprits, branch.tip)
    need = Search((), State.GAVE_UP)
    if answer.verdict is Verdict.CONFLICT and effort > 0:
        need = find_prerequisites(history, scratch, fix, branch.tip, effort=effort, progress=progress)
    queued = answer.verdict is not Verdict.FIXED and branch.version != "" and _is_queued(history, fix, branch, found)
    return BranchResult(
        branch=branch.name,
        version=branch.version or None,
        tip=branch.tip,
        verdict=answer.verdict,
        reason=answer.reason,
        affected=answer.affected,
        applies=answer.applied.how.value if answer.applied else None,
        landed_as=answer.landing.commit if answer.landing and answer.landing.holds else None,
        landed_by=answer.landing.how.value if answer.landing and answer.landing.holds else None,
        queued=queued,
        culprit_as=answer.culprit_as,
        conflicts=answer.conflicts,
        prerequisites=need.needs,
        partial=need.partial,
        search=need.state.value if answer.verdict is Verdict.CONFLICT else None,
        commands=_commands(answer, fix, branch, need),
        ends=branch.ends,
        stale=branch.stale,
    )


def _commands(answer: Answer, fix: Fix, branch: Branch, need: Search) -> tuple[str, ...]:
    if answer.verdict not in (Verdict.CLEAN, Verdict.THREE_WAY, Verdict.CONFLICT):
        return ()
    name = branch.name if branch.version else branch.tip[:12]
    local = f"backport-{fix.commit.short}-{branch.version or branch.tip[:12]}"
    picks = () if need.partial else tuple(f"git cherry-pick -x {one.commit}" for one in need.needs)
    return (f"git switch -c {local} {name}", *picks, f"git cherry-pick -x {fix.id}")


def _is_queued(history: History, fix: Fix, branch: Branch, found: Branches) -> bool:
    for tip in queue_refs(history.repository, found.family, branch.version):
        landing = history.landed(fix.id, tip, content=False)
        if landing and landing.holds:
            return True
    return False


def _with_folders(result: BackportResult, patch: Patch, folders: Sequence[str]) -> BackportResult:
    from dataclasses import replace

    answers = []
    for folder in folders:
        tree = DirectoryTree(folder)
        found = judge_directory(patch, tree)
        answers.append(
            BranchResult(
                branch=folder,
                version=f"{tree.version[0]}.{tree.version[1]}" if tree.version else None,
                tip="",
                verdict=found.verdict,
                reason=found.reason,
                affected=None,
                applies=found.applies,
                landed_as=None,
                landed_by="content" if found.verdict is Verdict.FIXED else None,
                queued=False,
                culprit_as=None,
                conflicts=found.conflicts,
                commands=found.commands,
            )
        )
    return replace(result, branches=(*result.branches, *answers))


def _split(repository: Repository | None, onto: Sequence[str]) -> tuple[list[str], list[str]]:
    revisions: list[str] = []
    folders: list[str] = []
    for word in onto:
        if repository and repository.find(word):
            revisions.append(word)
        elif Path(word).is_dir():
            folders.append(word)
        elif repository is None:
            raise MissingError(f"{word}: no such directory, and no repository to find a revision in", hint="name one with -C DIR")
        else:
            near = nearest(word, repository.refs)
            raise UsageError(
                f"--onto {word}: no such commit or directory", hint=f"did you mean {near!r}?" if near else "see `git branch -a`"
            )
    return revisions, folders


def _named(repository: Repository, found: Branches, words: Sequence[str]) -> tuple[Branch, ...]:
    named = []
    for word in words:
        tip = repository.resolve(word)
        version = version_at(repository, found.family, tip, word) or ""
        named.append(Branch(word, version, tip, found.family.ends(version)))
    return tuple(named)


def _patches(repository: Repository | None, target: str | None, base: str | None) -> tuple[Patch, ...]:
    if repository and (target is None or (target != "-" and not Path(target).exists())):
        from patchpilot.commits.range import commit_patch

        return tuple(commit_patch(repository, one) for one in resolve_commits(repository, target, base))
    return tuple(patch for series in read_targets([target] if target else [], repository, base) for patch in series.patches)


def _newest(found: Branches) -> str:
    return found.missing[-1].version if found.missing else found.family.series[-1].version
