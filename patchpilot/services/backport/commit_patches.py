# SPDX-License-Identifier: GPL-2.0-or-later
"""Create commits from patches like `git am`, without a branch or a checkout.

The objects are stored in the repository without a ref, so `git gc` removes them after two
weeks. The same patches on the same base result in the same commit ids.
"""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import UsageError
from patchpilot.model.patch import Patch
from patchpilot.services.backport.backport_targets import BackportTarget


def commit_patches(
    repository: Repository, fixes: Sequence[BackportTarget], tip: str
) -> tuple[BackportTarget, ...]:
    """Return the fixes, with a commit created for each patch on top of the previous one.

    Raise `UsageError` if a patch has no subject, or does not apply even with a three-way merge.
    """
    parent, done = tip, []
    with TemporaryFolder("index") as folder:
        # an index of the tip's tree, separate from the user's
        environment = {"GIT_INDEX_FILE": str(folder / "index")}
        repository.git("read-tree", tip, env=environment)
        for fix in fixes:
            if fix.commit is None and fix.patch is not None:
                parent = _commit(repository, fix.patch, parent, environment)
                done.append(replace(fix, commit=parent))
            else:
                done.append(fix)
    return tuple(done)


def _commit(
    repository: Repository, patch: Patch, parent: str, environment: dict[str, str]
) -> str:
    if not patch.subject.title:
        raise UsageError(
            f"{patch.source}: cannot look up the merged commit: the diff has no subject",
            hint="name the commit, or use --onto DIR",
        )
    diff = "\n".join([*patch.lines[patch.diff_line - 1 :], ""])
    applied = repository.git(
        "apply",
        "--cached",
        "--3way",
        "--whitespace=nowarn",
        env=environment,
        stdin=diff.encode("utf-8", "surrogateescape"),
        ok=(),
    )
    if applied.code:
        raise UsageError(
            f"{patch.source}: does not apply to {parent[:12]}, and no mainline commit makes this"
            " change",
            hint="name the commit that it is based on with --base, or use --onto DIR",
        )
    tree = repository.git("write-tree", env=environment).text.strip()
    author = patch.author
    people = {
        "GIT_AUTHOR_NAME": (author.name if author else "") or "unknown",
        "GIT_AUTHOR_EMAIL": author.email if author else "",
        # the same each time, so that the id is the same
        "GIT_AUTHOR_DATE": f"{repository.commit(parent).committed.timestamp():.0f} +0000",
    }
    as_committer = {
        name.replace("AUTHOR", "COMMITTER"): value for name, value in people.items()
    }
    text = "\n".join([patch.subject.title, "", *patch.message]).rstrip() + "\n"
    made = repository.git(
        "commit-tree",
        tree,
        "-p",
        parent,
        "-F",
        "-",
        env={**people, **as_committer},
        stdin=text.encode("utf-8", "surrogateescape"),
    )
    return made.text.strip()
