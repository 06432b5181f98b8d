# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a topic's target tree, and check which patches apply to it or were already applied."""

import re
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import PatchpilotError
from patchpilot.model.patch import Patch

_URL = re.compile(r"(?:https?|git|ssh)://[\w.][\w./~+@:-]*")
"""A URL for a command: it needs no quotes, and git runs no helper program for it."""


_USUAL_BRANCHES = ("HEAD", "main", "master", "for-next", "next")
"""The branches of a tree for which its `T:` entry names no branch, in order of preference."""


class TargetTree(NamedTuple):
    """The commit that patches should apply to, and its label."""

    label: str
    tip: str


class TargetFit(NamedTuple):
    """The result of applying a topic to its target, which is "clean", "clean-3way" or "conflict".

    On a conflict, `fails` is the first patch that does not apply, and `paths` contains the files in
    conflict. `already` contains the subjects of patches that are already in the target.
    """

    applies: str
    fails: str = ""
    paths: tuple[str, ...] = ()
    already: tuple[str, ...] = ()


def find_remote_tree(repository: Repository, tree: str) -> TargetTree | None:
    """Return the remote-tracking branch for a `T:` entry in MAINTAINERS, or None.

    The entry looks like `git git://host/path.git branch`.
    """
    url, branch = _split_tree(tree)
    for remote in _find_remotes(repository, url):
        for name in (branch, *_USUAL_BRANCHES):
            ref = repository.ref(f"refs/remotes/{remote}/{name}")
            if ref:
                return TargetTree((repository.ref(ref.symref) or ref).short, ref.object_id)
    branches = list_tree_branches(repository, tree)
    return branches[0] if len(branches) == 1 else None


def list_tree_branches(repository: Repository, tree: str) -> tuple[TargetTree, ...]:
    """Return all fetched branches of the tree of a `T:` entry."""
    remotes = _find_remotes(repository, _split_tree(tree)[0])
    return tuple(
        TargetTree(ref.short, ref.object_id)
        for ref in repository.all_refs
        if not ref.symref
        and any(ref.name.startswith(f"refs/remotes/{remote}/") for remote in remotes)
    )


def _split_tree(tree: str) -> tuple[str, str]:
    """Return the URL and the branch of a `T:` entry; both may be empty."""
    fields = tree.split()
    for number, field in enumerate(fields):
        if "://" in field or field.endswith(".git"):
            return field, "".join(fields[number + 1 : number + 2])
    return "", ""


def _find_remotes(repository: Repository, url: str) -> tuple[str, ...]:
    """Return the remotes with a URL; any scheme and mirror of it counts."""
    return tuple(
        key.removeprefix("remote.").removesuffix(".url")
        for key, values in repository.config_regexp(r"^remote\..*\.url$").items()
        if url and _tree_name(values[-1]) == _tree_name(url)
    )


def name_tree(url: str, branch: str) -> tuple[str, ...]:
    """Return the names of a tree in a subject prefix: the end of its URL, and of its branch."""
    name = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return tuple(filter(None, (name, branch.rpartition("/")[2])))


def find_listed_trees(
    repository: Repository, rev: str, paths: Sequence[str]
) -> tuple[TargetTree, ...]:
    """Return the fetched trees that MAINTAINERS lists (T:) for these files.

    Return none without a MAINTAINERS file.
    """
    trees = (" ".join(tree) for tree in _list_trees(repository, rev, paths))
    targets = (find_remote_tree(repository, tree) for tree in trees)
    return tuple(remote for remote in targets if remote)


def find_listed_branches(repository: Repository, rev: str, paths: Sequence[str]) -> frozenset[str]:
    """Return the labels of the fetched branches that MAINTAINERS lists (T:) for these files.

    A tree without a named branch lists all its branches. THE REST, which has all files, lists none.
    """
    labels: set[str] = set()
    for _, url, branch in _list_trees(repository, rev, paths, with_rest=False):
        tree = f"git {url} {branch}"
        chosen = find_remote_tree(repository, tree) if branch else None
        branches = (chosen,) if chosen else list_tree_branches(repository, tree)
        labels.update(each.label for each in branches)
    return frozenset(labels)


def find_unfetched_url(repository: Repository, rev: str, paths: Sequence[str], named: str) -> str:
    """Return the URL of the tree that applied a patch to these files, or "" if it was fetched.

    `named` are the words of a message that name the tree, or "". They choose a tree that
    MAINTAINERS lists (T:), by its URL, the end of its path or its branch. Otherwise, return the URL
    in the words, or the only listed tree. Without any of these, return "".
    """
    words = re.findall(r"[^\s()]+", named)
    names = [_tree_name(word) for word in words]
    trees = [tree for tree in _list_trees(repository, rev, paths) if tree[0] == "git"]
    chosen = [
        tree
        for tree in trees
        if any(f"/{_tree_name(tree[1])}".endswith(f"/{name}") or name in tree[2:] for name in names)
    ]
    linked = [("git", word, "") for word in words if "://" in word]
    for _, url, branch in chosen or linked or (trees if len(trees) == 1 else ()):
        is_fetched = find_remote_tree(repository, f"git {url} {branch}")
        return url if _URL.fullmatch(url) and not is_fetched else ""
    return ""


def make_remote_command(repository: Repository, url: str) -> tuple[str, str]:
    """Return the name of the remote for a URL, and the command that adds it, or "" if it exists.

    Many trees of the kernel are named linux.git; their remote has the name of the directory. A name
    that another remote has is written with the name of the directory.
    """
    if remotes := _find_remotes(repository, url):
        return remotes[0], ""
    owner, name = f"/{url.rstrip('/').removesuffix('.git')}".rsplit("/", 2)[-2:]
    remote = _clean_name(owner if name == "linux" else name)
    if repository.remote_urls(remote):
        remote = _clean_name(f"{owner}-{name}")
    return remote, f"git remote add {remote} {quote(url)}"


def _clean_name(text: str) -> str:
    return re.sub(r"[^\w.-]", "", text).lstrip("-.") or "tree"


def _list_trees(
    repository: Repository, rev: str, paths: Sequence[str], *, with_rest: bool = True
) -> tuple[tuple[str, str, str], ...]:
    """Return the trees that MAINTAINERS lists for these files, as (kind, URL, branch)."""
    from patchpilot.commits.tree_readers import CommitTree
    from patchpilot.maintainers import load_maintainers
    from patchpilot.maintainers.load import match_patch

    try:
        sections = match_patch(load_maintainers(CommitTree(repository, rev)), paths)
    except PatchpilotError:
        return ()
    return tuple(
        dict.fromkeys(
            tree
            for row in sections
            if with_rest or not row.is_rest
            for tree in row.section.tree_urls
        )
    )


def _tree_name(url: str) -> str:
    """Return the host and path of a URL, to compare URLs.

    The result is the same for git://, https:// and ssh, and for mirrors of kernel.org.
    """
    text = (
        re.sub(r"^[a-z+]+://", "", url.strip())
        .replace("googlesource.com/kernel", "kernel.org")
        .rstrip("/")
    )
    text = re.sub(r"^[^@/]*@", "", text).replace(":", "/", 1).removesuffix(".git")
    return re.sub(r"^(?:git|gitolite|ra)\.kernel\.org/", "kernel.org/", text)


def compute_commit_fit(
    repository: Repository,
    ids: Sequence[str],
    target: TargetTree,
    prerequisites: Sequence[str] = (),
) -> TargetFit:
    """Return the result of applying commits to the tip of the target one by one.

    This uses a temporary object store. `prerequisites` contains the commits on which they depend,
    which are applied first.
    """
    if repository.commit((*prerequisites, *ids)[0]).parents == (target.tip,):
        return TargetFit("clean")
    # import these modules lazily, because they are not needed for topics based on the tip of the
    # target
    from patchpilot.commits.applies import AppliesHow, try_fix
    from patchpilot.commits.fix_commit import FixCommit
    from patchpilot.commits.object_store import ScratchStore

    fit, applied_subjects = AppliesHow.CLEAN, []
    with ScratchStore(repository) as scratch:
        onto = scratch.tree_of(target.tip)
        for fix in FixCommit.read_all(repository, (*prerequisites, *ids)):
            attempt = try_fix(scratch, fix, onto)
            subject, is_prerequisite = (
                fix.commit.subject,
                fix.commit.id in prerequisites,
            )
            if attempt.how is not AppliesHow.CONFLICT and attempt.is_empty and not is_prerequisite:
                applied_subjects.append(subject)
            if attempt.how is AppliesHow.CONFLICT:
                return TargetFit(
                    AppliesHow.CONFLICT,
                    subject,
                    attempt.merge.paths,
                    tuple(applied_subjects),
                )
            if attempt.how is AppliesHow.THREE_WAY and not attempt.is_empty:
                fit = AppliesHow.THREE_WAY
            onto = attempt.merge.tree
    return TargetFit(fit, already=tuple(applied_subjects))


def compute_file_fit(
    repository: Repository, patches: Sequence[Patch], target: TargetTree
) -> TargetFit:
    """Return the result of applying patch files to the tip of the target one by one.

    This uses a temporary index.
    """
    from patchpilot.commits.applies import AppliesHow
    from patchpilot.commits.object_store import ScratchStore
    from patchpilot.outgoing.compose_mails import encode_patches

    fit, applied_subjects, contents = AppliesHow.CLEAN, [], encode_patches(patches)
    with ScratchStore(repository) as scratch, TemporaryFolder("index") as folder:
        index, file = {"GIT_INDEX_FILE": str(folder / "index")}, folder / "patch"
        scratch.git("read-tree", target.tip, env=index)

        def applies(*options: str) -> bool:
            return (
                scratch.git(
                    "apply",
                    "--cached",
                    "--whitespace=nowarn",
                    *options,
                    str(file),
                    env=index,
                    ok=(),
                ).code
                == 0
            )

        def is_applied(content: bytes) -> bool:
            """Return whether a patch can be reverted in the index, and so is already applied."""
            file.write_bytes(content)
            return applies("--reverse")

        for number, (patch, content) in enumerate(zip(patches, contents, strict=True)):
            subject = patch.subject.title
            file.write_bytes(content)
            if applies():
                continue
            # revert the last patch first, because later patches may change the context of earlier
            # ones
            if number == 0 and all(map(is_applied, reversed(contents))):
                return TargetFit(
                    fit,
                    already=tuple(patch.subject.title for patch in patches),
                )
            if number == 0:
                scratch.git("read-tree", target.tip, env=index)
                file.write_bytes(content)
            if applies("--check", "--reverse"):
                applied_subjects.append(subject)
            elif applies("--3way"):
                fit = AppliesHow.THREE_WAY
            else:
                paths = tuple(change.path for change in patch.files)
                return TargetFit(AppliesHow.CONFLICT, subject, paths, tuple(applied_subjects))
    return TargetFit(fit, already=tuple(applied_subjects))
