# SPDX-License-Identifier: GPL-2.0-or-later
"""Examine the TARGETs of a check, choose its settings, and list unchecked files."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.commits.range import (
    is_existing_file,
    is_network_target,
    looks_like_file,
)
from patchpilot.commits.tree_readers import CommitTree, DirectoryTree
from patchpilot.config import FILE_NAME
from patchpilot.errors import PatchpilotError
from patchpilot.model.source_tree import Tree
from patchpilot.settings.read_settings import read_user_settings
from patchpilot.settings.source import Source, make_revision_source
from patchpilot.topic.workplace import Workplace

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def start_importing_checks() -> Thread:
    """Import the modules of a check in a thread while git runs.

    Join the thread before forking: a child would inherit the locks of unfinished imports.
    """
    thread = Thread(target=_import_check_modules, daemon=True)
    thread.start()
    return thread


def _import_check_modules() -> None:
    # ignore the error here, because the check reports it when it imports the module itself
    with suppress(PatchpilotError, ImportError):
        import patchpilot.checking.driver
        import patchpilot.checking.history_facts  # noqa: F401
        from patchpilot.lint.rule_store import find_rule_detector, load_rules

        for rule in load_rules():
            find_rule_detector(rule)


class CheckBase(NamedTuple):
    """Where the rules of a check come from.

    `source` is the source of the tree's settings. For a gate, `tree` is the tree of the base
    commit, which determines the project, its version and its scripts; otherwise it is None.
    """

    source: Source | None
    tree: Tree | None = None


def find_check_base(
    workplace: Workplace,
    revision: str | None,
    targets: Sequence[str],
    base: str | None,
    *,
    is_gate: bool,
) -> CheckBase:
    """Return where the settings, project and version of a check come from.

    For a gate, this is the base: the checked commits must not choose the rules that apply to them.
    Settings are read from `revision` if it is given, and from the working tree for other checks.
    """
    repository = workplace.repository_if_any()
    start = None
    if is_gate and repository is not None and not workplace.tree:
        # ignore the base in the checked tree's settings, because the checked commits could change
        # it
        base_name = base or read_user_settings(repository, problems=[]).get("base") or None
        start = _find_base_revision(repository, targets, base_name)
    base_source = make_revision_source(repository, start) if repository and start else None
    if revision is not None:
        source: Source | None = make_revision_source(workplace.repository, revision, trusted=True)
    else:
        source = base_source or workplace.source()
    return CheckBase(source, base_source.tree if base_source else None)


def find_settings_commit(workplace: Workplace, source: Source | None) -> str | None:
    """Return the commit that contains the settings of a check: for a working tree, HEAD.

    Return None if they are not from a commit.
    """
    if source is not None and source.is_revision:
        return source.tree.label
    return None if workplace.tree else "HEAD"


def describe_settings_revision(source: Source | None, repository: "Repository | None") -> str:
    """Return a note that names the revision whose settings apply.

    Return "" if neither this revision nor HEAD has settings.
    """
    if source is None or not source.is_revision or repository is None:
        return ""
    head = CommitTree(repository, "HEAD")
    if not source.tree.exists(FILE_NAME) and not head.exists(FILE_NAME):
        return ""
    commit_id = repository.resolve(source.tree.label)
    names = [ref.short for ref in repository.all_refs if ref.object_id == commit_id]
    return f"the settings of {commit_id[:12]} apply{f' ({names[0]})' if names else ''}"


def _find_base_revision(
    repository: "Repository", targets: Sequence[str], base: str | None
) -> str | None:
    """Return the base commit from which a gate reads settings.

    This is the tip of the target branch, if it is known: the author chooses the commit at which a
    branch forked. Return None if the targets are patch files that name no base. The base is never
    one of the checked commits; if it is unknown, it is their parent. Raise UsageError if the
    topic's base depends on settings in the tree.
    """
    from patchpilot.topic.base import find_base

    ranges = [
        target.partition("..") for target in targets if ".." in target and not Path(target).exists()
    ]
    commits = [target for target in targets if ".." not in target and repository.find(target)]
    try:
        head = repository.resolve(
            (ranges[0][2].lstrip(".") if ranges else commits[0] if commits else "") or "HEAD"
        )
        is_head = head == repository.find("HEAD")
        if ranges:
            start = tip = repository.resolve(ranges[0][0] or "HEAD")
        else:
            found = find_base(repository, base, None if is_head else head)
            start, tip = (
                found.start,
                (found.branch and repository.find(found.branch)) or found.start,
            )
    except PatchpilotError:
        if not targets:
            raise
        return repository.find(f"{commits[0]}^") if commits else None
    if not repository.is_ancestor(head, tip):
        return tip
    return repository.find(f"{head}^") if start == head and commits else start


RULES_OF_UNPATCHED = ("already-applied", "does-not-apply")
"""The rules that are only right in a tree in which the patch is not yet applied."""
_OF_SOURCES = (".checkpatch.conf", "MAINTAINERS", "scripts/checkpatch.pl")


def find_clone_tree(folder: Path) -> DirectoryTree | None:
    """Return the working tree of the clone that contains a folder, for checking patch files.

    Return None if it is not a tree of sources. Its files are untrusted input; its
    .patchpilot.toml is not read.
    """
    for top in (folder, *folder.parents):
        if (top / ".git").exists():
            is_source = any((top / name).is_file() for name in _OF_SOURCES)
            return DirectoryTree(top) if is_source else None
    return None


def needs_no_repository(targets: Sequence[str]) -> bool:
    """Return whether every TARGET is a file or a message in an archive."""
    return bool(targets) and all(
        _names_local_file(target) or is_network_target(target) for target in targets
    )


def can_stream_targets(targets: Sequence[str]) -> bool:
    """Return whether every TARGET is a local source of messages that can be read one by one."""
    return bool(targets) and all(map(_names_local_file, targets))


def _names_local_file(target: str) -> bool:
    return (
        target == "-"
        or is_existing_file(target)
        or (looks_like_file(target) and not is_network_target(target))
    )


def can_fix_targets(targets: Sequence[str]) -> bool:
    """Return whether --fix can write to the TARGETs.

    Archived messages and compressed files cannot be changed.
    """
    return not any(is_network_target(target) or target.endswith(".gz") for target in targets)


def describe_unchecked_files(repository: "Repository") -> str:
    """Describe the tracked files that differ from HEAD, or return "" if there are none."""
    from patchpilot.commits.make_commits import describe_left_files, list_uncommitted_files

    return describe_left_files(list_uncommitted_files(repository), effect=", and were not checked")


def find_pushed_range() -> tuple[str, ...]:
    """Return the range that is pushed, as a TARGET, or () to check the commits of the branch.

    pre-commit names no range if the remote has no commit of the branch.
    """
    old, new = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    return (f"{old}..{new}",) if old and new else ()


def list_pushed_commits(repository: "Repository") -> tuple[str, ...]:
    """Return the commits that the remote is known to have.

    After a rebase, the range contains commits of the new base, which were pushed before.
    """
    remote = os.environ.get("PRE_COMMIT_REMOTE_NAME")
    start = f"refs/remotes/{remote}/"
    commits = (ref.object_id for ref in repository.all_refs if ref.name.startswith(start))
    return tuple(dict.fromkeys(commits)) if remote else ()
