# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the program that keeps its own data about the commits of a branch: StGit or Jujutsu.

Rewriting a commit without this program would disconnect the data from the commit.
"""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite_hooks import find_b4_hook, is_b4_branch
from patchpilot.errors import RefusedError


def refuse_managed_branch(repository: Repository, ref: str | None, commits: Sequence[str]) -> None:
    """Raise RefusedError if rewriting these commits would lose data of StGit or Jujutsu.

    A branch that b4 manages may have a hook that takes the commits from StGit first.
    """
    name = _find_stgit_patch(repository, ref, commits) if ref else ""
    if ref and name and not (is_b4_branch(repository, ref) and find_b4_hook(repository, "pre")):
        branch = ref.removeprefix("refs/heads/")
        raise RefusedError(
            f"StGit manages {branch}, and would lose its patch {name}",
            hint="change it with `stg edit` or `stg refresh`, or run `stg commit --all` first",
        )
    if commits and (repository.top / ".jj").is_dir():
        without_id = [
            commit
            for commit in commits
            if (raw := repository.objects.get(commit)) is None
            or b"\nchange-id " not in raw[2].partition(b"\n\n")[0]
        ]
        if without_id:
            raise RefusedError(
                f"Jujutsu manages this repository, and would lose the change ID of"
                f" {without_id[0][:12]}",
                hint="change it with `jj describe`, or let jj write its change IDs into the commits"
                " (git.write-change-id-header)",
            )


def _find_stgit_patch(repository: Repository, ref: str, commits: Sequence[str]) -> str:
    """Return the name of a patch of StGit that is one of these commits, or ""."""
    prefix = ref.replace("refs/heads/", "refs/patches/", 1) + "/"
    rows = repository.git("for-each-ref", "--format=%(objectname) %(refname)", prefix).text
    patches = dict(row.split(" ", 1) for row in rows.splitlines() if not row.endswith(".log"))
    name = next((patches[commit] for commit in commits if commit in patches), "")
    return name.removeprefix(prefix)
