# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds maintainers without a commit or review in their subsystem for years."""

import time
from collections.abc import Iterable

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.maintainers import Section
from patchpilot.maintainers.file_patterns import folder_of
from patchpilot.recipients.get_maintainer.address_format import (
    each_mailbox,
    split_mailbox,
)

YEARS = 3
BUDGET = 4.0
_YEAR = 366 * 86400
_FORMAT = "--format=%an <%ae>%n%(trailers:only=true,unfold=true)"


def silent_maintainers(
    sections: Iterable[Section], repository: Repository, budget: float = BUDGET
) -> tuple[str, ...]:
    """Returns a warning for each M: contact who has been inactive for three years.

    Inactive means that they wrote, signed or reviewed no commit that matches their F: patterns.
    Returns nothing if the history is too short or does not contain these files, or if time runs
    out.
    """
    end = time.monotonic() + budget
    if not _old_enough(repository):
        return ()
    warnings: list[str] = []
    for section in sections:
        if not section.is_maintained or not section.values("M"):
            continue
        seen = _seen(section, repository, end - time.monotonic())
        if not seen:
            continue
        for value in section.values("M"):
            for box in each_mailbox(value):
                name, address = split_mailbox(box)
                if (
                    address
                    and address.lower() not in seen
                    and (not name or name.strip('"').lower() not in seen)
                ):
                    warnings.append(
                        f"{name.strip(chr(34)) or address}: no commit or review in {section.name}"
                        f" for {YEARS} years"
                    )
    return tuple(warnings)


def _old_enough(repository: Repository) -> bool:
    if repository.is_shallow():
        return False
    since = time.time() - (YEARS + 1) * _YEAR
    if any(ref.date and ref.date < since for ref in repository.all_refs):
        return True
    done = repository.git("rev-list", "-1", f"--until={YEARS}.years.ago", "HEAD", ok=())
    return bool(done.out.strip())


def _seen(section: Section, repository: Repository, seconds: float) -> str:
    """Everybody named in the commits of three years to a section's files, in lower case; "" when
    unknown.
    """
    patterns = [value.strip() for value in section.values("F")]
    # a pattern with a star counts as its whole folder: a missed warning is better than a wrong one
    paths = [
        (folder_of(pattern) if set(pattern) & set("*?[{") else pattern).rstrip("/")
        for pattern in patterns
    ]
    paths = [path for path in dict.fromkeys(paths) if path]
    if not paths or seconds <= 0.05:
        return ""
    try:
        done = repository.git(
            "log",
            "--no-merges",
            f"--since={YEARS}.years.ago",
            "--use-mailmap",
            _FORMAT,
            "HEAD",
            "--",
            *paths,
            ok=(),
            timeout=seconds,
        )
    except GitError:
        return ""
    return done.text.lower()
