# SPDX-License-Identifier: GPL-2.0-or-later
"""Examine the TARGETs of a check, choose its settings, and list unchecked files."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from patchpilot.commits.range import (
    is_existing_file,
    is_network_target,
    looks_like_file,
)
from patchpilot.errors import PatchpilotError
from patchpilot.settings.read_settings import (
    Source,
    make_revision_source,
    read_user_settings,
)
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


def find_check_source(
    workplace: Workplace,
    revision: str | None,
    targets: Sequence[str],
    base: str | None,
    *,
    is_gate: bool,
) -> Source | None:
    """Return the source from which a check reads the tree's settings.

    This is `revision` if it is given. Otherwise, it is the base commit for a gate, and the working
    tree for other checks.
    """
    if revision is not None:
        return make_revision_source(workplace.repository, revision, trusted=True)
    repository = workplace.repository_if_any()
    if repository is None or workplace.tree or not is_gate:
        return workplace.source()
    # ignore the base in the checked tree's settings, because the checked commits could change it
    base_name = base or read_user_settings(repository, problems=[]).get("base") or None
    start = _find_base_revision(repository, targets, base_name)
    return make_revision_source(repository, start) if start else workplace.source()


def _find_base_revision(
    repository: "Repository", targets: Sequence[str], base: str | None
) -> str | None:
    """Return the base commit from which a gate reads settings.

    Return None if the targets are patch files that name no base. The base is never one of the
    checked commits; if it is unknown, it is their parent. Raise UsageError if the topic's base
    depends on settings in the tree.
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
            start = repository.resolve(ranges[0][0] or "HEAD")
            # unrelated histories have no merge base
            merge_base = repository.git("merge-base", start, head, ok=(0, 1)).text.strip()
            start = merge_base or start
        else:
            start = find_base(repository, base, None if is_head else head).start
    except PatchpilotError:
        if not targets:
            raise
        return repository.find(f"{commits[0]}^") if commits else None
    return repository.find(f"{head}^") if start == head and commits else start


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


def find_uncommitted_files(repository: "Repository") -> list[str]:
    """Return the tracked files that differ from HEAD."""
    from patchpilot.commits.make_commits import list_uncommitted_files

    return list_uncommitted_files(repository)
