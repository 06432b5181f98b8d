# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare patches with sent ones.

Unlike patch-ids, the comparison includes commit messages and whitespace.
"""

from collections.abc import Iterable, Sequence

from patchpilot.errors import PatchpilotError
from patchpilot.model.address import check_email_address
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

_Key = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def are_same_patches(patches: Iterable[Patch], mails: Sequence[bytes]) -> bool:
    """Return whether patches have the same authors, commit messages and changed lines as the sent
    messages with the same patch-ids.

    Context and line numbers are ignored, because a rebase changes them. If a message cannot be
    parsed, return True, so that the user is asked.
    """
    try:
        sent_keys = {_patch_key(parse_patch(raw, "mail")) for raw in mails}
    except PatchpilotError:
        return True
    return sent_keys == {_patch_key(patch) for patch in patches}


def are_equal_patches(patches: Iterable[Patch], others: Iterable[Patch]) -> bool:
    """Return whether two non-empty series have the same authors, messages and changed lines."""
    keys = {_patch_key(patch) for patch in patches}
    return bool(keys) and keys == {_patch_key(other) for other in others}


def has_patches(patches: Iterable[Patch], required: Iterable[Patch]) -> bool:
    """Return whether a series contains all required patches, with the same authors, messages and
    changed lines.
    """
    return {_patch_key(patch) for patch in required} <= {_patch_key(patch) for patch in patches}


def _patch_key(patch: Patch) -> _Key:
    message = tuple(line.rstrip() for line in "\n".join(patch.message).strip().split("\n"))
    changed_lines = tuple(
        line.kind + line.text.rstrip("\r")
        for change in patch.files
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in "+-"
    )
    author = (
        (check_email_address(patch.author.email).wire or patch.author.email).lower()
        if patch.author
        else ""
    )
    return (author, " ".join(patch.subject.title.split()), message, changed_lines)
