# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and write b4's tracking data in a branch's section of git's configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from patchpilot.commits.b4_prep import prep_branch, read_branch_config
from patchpilot.commits.repository import Repository

_KEYS = (
    "b4-tracking",
    "b4-prep-cover-strategy",
    "description",
    "patchpilot-enrolled",
    "patchpilot-description",
)
"""Settings of a branch that contain b4's tracking data."""


def choose_base_name(repository: Repository, branch: str, base: str, requested: str | None) -> str:
    """Return the base with which b4 enrolls a branch.

    This is a branch from which the topic forked at `base`: preferably the requested branch, then
    the upstream branch, then any other. If there is none, it is the commit `base`.
    """
    requested_name = repository.short_name(requested) if requested else None
    own_ref = repository.ref(f"refs/heads/{branch}")
    upstream = own_ref.upstream if own_ref else ""
    others = [
        ref
        for ref in repository.all_refs
        if ref.is_branch
        and ref != own_ref
        and not ref.symref
        and (ref.short == requested_name or not ref.short.startswith("b4/"))
    ]
    holders = repository.refs_containing(base, [ref.name for ref in others])
    others.sort(
        key=lambda ref: (
            ref.short != requested_name,
            ref.name != upstream,
            not ref.short.startswith("origin/"),
        )
    )
    candidates = (
        ref.short
        for ref in others
        if ref.name in holders and _fork_point(repository, ref.short, branch) == base
    )
    return next(candidates, base)


def _fork_point(repository: Repository, branch: str, other: str) -> str:
    """Return the commit at which one branch forked from the other, or ""."""
    tips = [repository.find(name) for name in (branch, f"refs/heads/{other}")]
    return (
        repository.git("merge-base", *filter(None, tips), ok=()).text.strip() if all(tips) else ""
    )


def unenroll_branch(repository: Repository, branch: str) -> None:
    """Unenroll a branch from b4, keeping the branch description unless b4 wrote it."""
    description = read_branch_config(repository, branch).get("patchpilot-description")
    for key in _KEYS:
        name = f"branch.{branch}.{key}"
        repository.git("config", "--unset-all", name, ok=(0, 1, 5))
    if description:
        repository.git("config", f"branch.{branch}.description", description[-1])


def read_branch_tracking(repository: Repository, branch: str) -> dict[str, tuple[str, ...]]:
    """Return b4's tracking data for a branch from the repository's configuration.

    `write_branch_tracking` restores it.
    """
    result = repository.git("config", "--local", "-z", "--get-regexp", r"^branch\..*", ok=(0, 1))
    values: dict[str, tuple[str, ...]] = {}
    for entry in result.text.split("\0"):
        name, _, value = entry.partition("\n")
        key = name.removeprefix(f"branch.{branch}.")
        if key in _KEYS and key != name:
            values[key] = (*values.get(key, ()), value)
    return values


def write_branch_tracking(
    repository: Repository, branch: str, data: Mapping[str, Sequence[str]]
) -> None:
    """Set a branch's tracking data to `data`, writing only values that differ."""
    current = read_branch_tracking(repository, branch)
    for key in _KEYS:
        if tuple(data.get(key, ())) == current.get(key, ()):
            continue
        name = f"branch.{branch}.{key}"
        repository.git("config", "--local", "--unset-all", name, ok=(0, 1, 5))
        for value in data.get(key, ()):
            repository.git("config", "--local", "--add", "--", name, value)


def restore_tracking(
    repository: Repository, branch: str, original: Mapping[str, Sequence[str]]
) -> None:
    """Restore the tracking data used to create a branch's messages, and enroll the branch.

    Keep b4's records of later sends and newer data.
    """
    if not original or repository.find(f"refs/heads/{branch}") is None:
        return
    data: dict[str, Any] = json.loads(original["b4-tracking"][-1])
    current = prep_branch(repository, branch)
    if current and current.revision > int(data["series"].get("revision", 1)):
        original = {**original, **read_branch_tracking(repository, branch)}
    elif current and current.history:
        history = {version: list(ids) for version, ids in current.history}
        data["series"]["history"] = {**(data["series"].get("history") or {}), **history}
        original = {**original, "b4-tracking": (json.dumps(data),)}
    write_branch_tracking(repository, branch, original)
