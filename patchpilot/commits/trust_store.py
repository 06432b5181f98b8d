# SPDX-License-Identifier: GPL-2.0-or-later
"""Store digests of the contents that the user trusts, in the user's state directory."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from patchpilot.commits.git_config import state_of
from patchpilot.resources import state_path, store_json

Entry = Mapping[str, str]
"""What is stored with a digest: the `label` of what it is the content of, and the day `since` when
it is trusted.
"""


def digest_of(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return a digest of named contents, in the given order."""
    import hashlib

    whole = hashlib.sha256()
    for name, data in parts:
        whole.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return whole.hexdigest()


def trusted_entries() -> dict[str, Entry]:
    """Return everything that the user trusts, as digest → entry."""
    with suppress(OSError, ValueError):
        text = _file().read_text(encoding="utf-8")
        import json

        data = json.loads(text)
        if isinstance(data, dict):
            return {digest: entry for digest, entry in data.items() if _is_entry(entry)}
    return {}


def state() -> str:
    """Return a text that changes with the trusted contents."""
    return state_of(_file())


def trust(labels: Mapping[str, str]) -> None:
    """Store digests as trusted, each with its label."""
    today = f"{date.today():%Y-%m-%d}"
    _write(
        {
            **trusted_entries(),
            **{
                digest: {"label": label, "since": today}
                for digest, label in labels.items()
            },
        }
    )


def forget(digests: Iterable[str], labels: Iterable[str]) -> int:
    """Remove these digests and all digests with these labels, and return how many were stored."""
    known, named = trusted_entries(), set(labels)
    gone = {
        digest for digest, entry in known.items() if entry.get("label") in named
    }.union(digests)
    left = {digest: entry for digest, entry in known.items() if digest not in gone}
    _write(left)
    return len(known) - len(left)


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("since"), str)


def _file() -> Path:
    return state_path() / "trusted.json"


def _write(known: Mapping[str, Entry]) -> None:
    store_json(_file(), known, "set XDG_STATE_HOME to a writable directory")
