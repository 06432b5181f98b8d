# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize a finding in another version of a patch, even if lines were moved, the message was
reworded, or the series has grown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding
from patchpilot.series.patch_pairing import PatchFeatures, pair_patches

LONGEST = 300
"""Number of characters of a line that are stored; a longer line gets a hash."""
_CHANGING = (
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "content-transfer-encoding",
    "x-mailer",
)
"""Headers whose values differ in every message."""
_LONE = re.compile("[\ud800-\udfff]")
_NO_TEXT = ("@@ ", "diff --git ", "index ", "--- ", "+++ ")


@dataclass(frozen=True, slots=True, order=True)
class FindingMark:
    """The identity of a finding: its rule, its file, and the text of its line.

    `path` is "" for a finding in the message; `text` has normalized whitespace. For a finding
    about a whole patch, `change` is a hash of the patch's changes, and `text` its subject.
    """

    path: str
    rule: str
    text: str
    change: str = ""


def make_mark(
    finding: Finding, patch: Patch | None, renamed: Mapping[str, str] | None = None
) -> FindingMark:
    """Return a finding's mark in a patch, or in the whole series if `patch` is None.

    `renamed` maps renamed files to their old paths.
    """
    if patch is None:
        return FindingMark("", finding.rule, normalize_text(re.sub(r"\d+", "#", finding.message)))
    file = finding.path or ""
    path = (renamed or {}).get(file, file)
    text = _comparable_line_text(finding, patch)
    if text or path:
        return FindingMark(path, finding.rule, text)
    return FindingMark("", finding.rule, normalize_text(patch.subject.title), hash_changes(patch))


def _comparable_line_text(finding: Finding, patch: Patch) -> str:
    """Return the finding's line without the parts that differ in every message, or ""."""
    number = finding.patch_line
    if number is None or not 1 <= number <= len(patch.lines):
        return ""
    line = patch.lines[number - 1]
    if number >= patch.diff_line:
        is_text = finding.path and not line.startswith(_NO_TEXT)
        return normalize_text(line[1:]) if is_text else ""
    header = next((header for header in reversed(patch.headers) if header.line <= number), None)
    if number < patch.message_line and header:
        name = header.name.lower()
        if name == "subject":
            return normalize_text(patch.subject.title)
        if name in _CHANGING:
            return name
        return normalize_text(f"{header.name}: {header.value}")
    if patch.notes and number >= patch.notes_line and " | " in line:
        # drop the counts of a diffstat line, because any change to the file changes them
        return normalize_text(line.split("|")[0])
    return "" if line.startswith("From ") and number == 1 else normalize_text(line)


def normalize_text(text: str) -> str:
    """Normalize a line's whitespace, length and encoding for a mark.

    Long lines are cut. Undecodable bytes are replaced, because marks are written to a UTF-8 file.
    """
    flat = _LONE.sub("\ufffd", " ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}… {_hash_text(flat)}"


def hash_changes(patch: Patch) -> str:
    """Return a hash of a patch's changes, or "" if it has no diff.

    Like git's patch-id, the hash ignores line numbers and whitespace. It also ignores context
    lines.
    """
    lines = _list_changed_lines(patch)
    return _hash_text("\n".join(lines)) if lines else ""


def _list_changed_lines(patch: Patch) -> list[str]:
    return [
        f"{change.path}{line.kind}{''.join(line.text.split())}"
        for change in patch.files
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in "+-"
    ]


def _hash_text(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def map_renamed_files(patches: Iterable[Patch]) -> dict[str, str]:
    """Map the new path of each renamed file to its old path."""
    result: dict[str, str] = {}
    for patch in patches:
        for change in patch.files:
            if change.is_rename and change.old_path and change.new_path:
                result[change.new_path] = result.get(change.old_path, change.old_path)
    return result


def pair_with_earlier_patches(old: Sequence[Patch], new: Sequence[Patch]) -> dict[int, int]:
    """Map indexes of new patches to the indexes of the matching old patches."""
    return pair_patches(
        [_patch_features(patch) for patch in old],
        [_patch_features(patch) for patch in new],
    )


def _patch_features(patch: Patch) -> PatchFeatures:
    lines = _list_changed_lines(patch)
    return PatchFeatures(
        normalize_text(patch.subject.title),
        hash_changes(patch),
        "",
        frozenset(patch.paths),
        Counter(lines),
    )
