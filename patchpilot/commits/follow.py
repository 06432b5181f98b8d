# SPDX-License-Identifier: GPL-2.0-or-later
"""A branch moved together with the files that are checked out of it, where its tree is another afterwards."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import Rewriting, branch_of, move
from patchpilot.commits.undo import Undo, record
from patchpilot.errors import RefusedError


def changed_paths(repository: Repository, old: str, new: str) -> tuple[str, ...]:
    """The files that differ between two commits."""
    done = repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new)
    return tuple(name for name in done.out.decode("utf-8", "surrogateescape").split("\0") if name)


def refuse_dirty(repository: Repository, ref: str | None, paths: tuple[str, ...]) -> None:
    """RefusedError where a branch whose files `paths` are to change is checked out with work on them that is not committed, or elsewhere."""
    _paths_to_follow(repository, ref, paths)


def _paths_to_follow(repository: Repository, ref: str | None, paths: tuple[str, ...]) -> bool:
    """Whether the files are checked out here and must follow."""
    if not paths:
        return False
    if not _is_current(repository, ref):
        _refuse_elsewhere(repository, ref)
        return False
    if repository.bare:
        return False
    done = repository.git("--literal-pathspecs", "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--", *paths)
    dirty = [entry[3:] for entry in done.out.decode("utf-8", "surrogateescape").split("\0") if entry]
    if dirty:
        raise RefusedError(
            f"{dirty[0]} has changes that are not committed" + (f" (and {len(dirty) - 1} more)" if len(dirty) > 1 else ""),
            hint="commit them or put them away (git stash), then try again",
        )
    return True


def _is_current(repository: Repository, ref: str | None) -> bool:
    return branch_of(repository)[0] == ref


def _refuse_elsewhere(repository: Repository, ref: str | None) -> None:
    if ref is None:
        return
    done = repository.git("for-each-ref", "--format=%(worktreepath)", ref)
    if done.text.strip():
        raise RefusedError(
            f"{ref.removeprefix('refs/heads/')} is checked out in {done.text.strip()}, whose files would not follow", hint="do it there"
        )


def apply(repository: Repository, rewriting: Rewriting, verb: str) -> Undo | None:
    """Keep the undo record, then move the branch, its index and its working tree. None where there is nothing to do."""
    if rewriting.old == rewriting.new:
        return None
    refuse_dirty(repository, rewriting.ref, changed_paths(repository, rewriting.old, rewriting.new))
    undo = record(repository, rewriting.ref, rewriting.old, rewriting.new, verb)
    shift(repository, rewriting.ref, rewriting.new, rewriting.old, f"patchpilot {verb}")
    return undo


def shift(repository: Repository, ref: str | None, new: str, old: str, why: str) -> None:
    """Set a branch (None: the detached HEAD) to `new` if it still is `old`; files that differ and are checked out follow.

    RefusedError where the branch has moved, or where files that must follow have changes. The files and the branch are moved by one git command,
    which goes on when this process is killed.
    """
    if not _paths_to_follow(repository, ref, changed_paths(repository, old, new)):
        move(repository, ref, new, old, why)
        return
    if repository.find("HEAD") != old:
        raise RefusedError("the branch has moved meanwhile", hint="nothing was changed: look at the branch, then try again")
    done = repository.git("reset", "--quiet", "--keep", new, env={"GIT_REFLOG_ACTION": why}, ok=())
    if done.code:
        words = (done.error_text.splitlines() or ["git refused"])[-1]
        raise RefusedError(f"the working tree could not follow: {words}", hint="nothing was changed: see `git status`")
