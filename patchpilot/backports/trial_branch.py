# SPDX-License-Identifier: GPL-2.0-or-later
"""Name the branches on which a commit is tried on a release or another branch."""

import re

_BRANCH = re.compile(r"try-[0-9a-f]{12}(?:-[\w.-]+)?")
_VERSION = re.compile(r"(?:v|linux-)?(\d+\.\d[\d.]*?(?:-rc\d+)?)(?:\.y)?")


def name_trial_branch(commit: str, base: str) -> str:
    """Return the name of the branch on which a commit is tried on a release or branch.

    It is part of a kernel's release, which has at most 64 characters.
    """
    name = base.rpartition("/")[2]
    version = _VERSION.fullmatch(name)
    place = version[1] if version else re.sub(r"[^0-9A-Za-z.]+", "-", name)[:12].strip("-.")
    return f"{name_trials(commit)}-{place}"


def name_trials(commit: str) -> str:
    """Return the start of the names of all branches on which a commit is tried."""
    return f"try-{commit[:12]}"


def is_trial_branch(name: str) -> bool:
    """Return whether a branch was created to try a commit; it has no work of the user."""
    return bool(_BRANCH.fullmatch(name))
