# SPDX-License-Identifier: GPL-2.0-or-later
"""What a question about backports is about: commits, or patch files and the commits they became."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.commits.range import commit_patch, read_targets, resolve_commits
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError, nearest
from patchpilot.history.branches import mainline
from patchpilot.history.landed import History
from patchpilot.history.likeness import changed_in
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fix that is asked about: its commit (None: a patch file that is none yet), its subject, and its patch where that is what was given."""

    commit: str | None
    subject: str
    patch: Patch | None = None

    def as_patch(self, repository: Repository | None) -> Patch:
        """The fix as a patch."""
        if self.patch is not None:
            return self.patch
        assert repository is not None
        assert self.commit is not None
        return commit_patch(repository, self.commit)


def read_wanted(repository: Repository | None, target: str | None, base: str | None) -> tuple[Wanted, ...]:
    """The fixes a TARGET stands for, oldest first; a file wins over a revision of the same name."""
    if repository and (target is None or (target != "-" and not Path(target).exists())):
        return tuple(Wanted(one, repository.commit(one).subject) for one in resolve_commits(repository, target, base))
    series = read_targets([target] if target else [], repository, base)
    return tuple(Wanted(patch.commit, patch.subject.title, patch) for one in series for patch in one.patches)


def committed(repository: Repository, wanted: Wanted, progress: Progress) -> Wanted:
    """A patch file as the commit of the mainline it became; UsageError when there is none."""
    if wanted.commit or wanted.patch is None:
        return wanted
    tip = mainline(repository)
    if tip:
        with History(repository, progress) as history:
            commit = history.same_change(wanted.subject, changed_in(wanted.patch.files), tip)
        if commit:
            return replace(wanted, commit=commit)
    raise UsageError(
        f"{wanted.patch.source}: no commit of the mainline makes this change, so there is no history to compare",
        hint="commit it first (git am), or give --onto DIR",
    )


def split_onto(repository: Repository | None, onto: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of --onto that are revisions, and those that are directories; an error names the nearest ref."""
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
