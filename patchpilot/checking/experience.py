# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether the user is a newcomer to the project, who is shown more findings."""

from patchpilot.cache import entries
from patchpilot.commits.repository import Repository
from patchpilot.config import NEWCOMER, REGULAR
from patchpilot.errors import PatchpilotError
from patchpilot.model.address import Address
from patchpilot.resources import TOPIC_DATABASE, runs_in_ci, state_path

LOG_SECONDS = 20.0
FEW_TOPICS = 3
"""Number of sent topics from which on the sender is no newcomer.

In the records of newcomers' patches, the authors had posted fewer patches before.
"""
_KIND = entries.CacheKind("authors", (__file__,), keep=64)


def find_experience(repository: Repository) -> str:
    """Return `NEWCOMER` if the user has no accepted commit in the base of HEAD, and has sent fewer
    than `FEW_TOPICS` topics from here.

    A patch that was only sent teaches its author little before a reviewer answers. Otherwise,
    return `REGULAR`; also if this is unknown, because there is no base, no complete history or no
    identity, or because git takes too long. In CI, nobody is a newcomer.
    """
    if runs_in_ci() or repository.is_shallow():
        return REGULAR
    identity = repository.identity
    if identity is None or not identity.email or _has_sent_topics():
        return REGULAR
    from patchpilot.topic.base import find_base

    try:
        is_author = _has_commit(repository, identity, find_base(repository).start)
    except PatchpilotError:
        return REGULAR
    return REGULAR if is_author else NEWCOMER


def _has_sent_topics() -> bool:
    """Return whether mail servers accepted enough topics from here, without creating a file."""
    if not (state_path() / TOPIC_DATABASE).exists():
        return False
    from patchpilot.outgoing.outbox import Outbox

    with Outbox() as outbox:
        return outbox.count_sent_topics() >= FEW_TOPICS


def _has_commit(repository: Repository, author: Address, base: str) -> bool:
    """Return whether a commit reachable from `base` has this author, by address or full name.

    The result is cached: later calls read only the commits that are new in the base.
    """
    name = author.name if " " in author.name else ""
    parts = (str(repository.key).encode(), author.key.encode(), name.encode())
    key = entries.make_cache_key(_KIND, parts)
    known = entries.read_cached_value(_KIND, key)
    if known is True or known == base:
        return known is True
    options = [f"--author=<{author.email}>", *([f"--author={name} <"] if name else [])]
    searched = [f"^{known}"] if isinstance(known, str) and repository.find(known) else []
    result = repository.git(
        *("log", "--max-count=1", "--format=%H", "--fixed-strings", "--regexp-ignore-case"),
        *(*options, base, *searched, "--"),
        timeout=LOG_SECONDS,
    )
    is_author = bool(result.text.strip())
    entries.cache_value(_KIND, key, is_author or base)
    return is_author
