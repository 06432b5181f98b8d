# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies the TARGETs of a check by their names."""

from collections.abc import Sequence

from patchpilot.commits.range import is_network_target, looks_like_file, names_file


def need_no_repository(targets: Sequence[str]) -> bool:
    """Returns whether every TARGET is a file name or is in an archive."""
    return bool(targets) and all(
        _is_file(target) or is_network_target(target) for target in targets
    )


def can_be_streamed(targets: Sequence[str]) -> bool:
    """Returns whether every TARGET is a local source of messages that can be read one by one."""
    return bool(targets) and all(map(_is_file, targets))


def _is_file(target: str) -> bool:
    return (
        target == "-"
        or names_file(target)
        or (looks_like_file(target) and not is_network_target(target))
    )


def can_be_fixed(targets: Sequence[str]) -> bool:
    """Returns whether --fix can write to the TARGETs.

    Messages in an archive and compressed files cannot be changed.
    """
    return not any(
        is_network_target(target) or target.endswith(".gz") for target in targets
    )
