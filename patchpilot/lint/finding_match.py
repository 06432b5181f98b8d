# SPDX-License-Identifier: GPL-2.0-or-later
"""By what a finding or a patch is known again, when its lines have moved, its mail was reworded, or its series has grown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from patchpilot.model.finding import Finding
from patchpilot.model.patch import Patch

ALIKE = 0.6
"""How much of two patches' changed lines, or of their subjects, agrees when one may have become the other."""
LONGEST = 300
"""Characters of a line that are kept as they are; of a longer one the rest is a hash."""
_CHANGING = ("date", "message-id", "in-reply-to", "references", "content-transfer-encoding", "x-mailer")
"""Headers that every mail has another value of."""
_LONE = re.compile("[\ud800-\udfff]")
_NO_TEXT = ("@@ ", "diff --git ", "index ", "--- ", "+++ ")


@dataclass(frozen=True, slots=True, order=True)
class FindingMark:
    """What stays of a finding: its rule, the file's path ("" for the message), the line's text with its white space evened.

    A finding of no line of its own is known by its patch instead: `change` is a hash of what that changes, `text` its subject.
    """

    path: str
    rule: str
    text: str
    change: str = ""


def mark_of(finding: Finding, patch: Patch | None, renamed: Mapping[str, str] | None = None) -> FindingMark:
    """The mark of a finding in a patch (None: of the series as a whole); `renamed` has the old path of files that were renamed."""
    if patch is None:
        return FindingMark("", finding.rule, even(re.sub(r"\d+", "#", finding.message)))
    stands = place_of(finding)
    path = (renamed or {}).get(stands or "", stands or "")
    text = _text(finding, patch) if stands == finding.path else ""
    if text or path:
        return FindingMark(path, finding.rule, text)
    return FindingMark("", finding.rule, even(patch.subject.title), change_of(patch))


def place_of(finding: Finding) -> str | None:
    """The file a finding is about; None for one of the sign-offs, also where checkpatch.pl tells it on the last line of the diff."""
    return None if finding.column is None and finding.rule in _of_the_tags() else finding.path


@cache
def _of_the_tags() -> frozenset[str]:
    from patchpilot.lint.rule_store import load_rules

    return frozenset(rule.id for rule in load_rules() if rule.scope == "trailers")


def _text(finding: Finding, patch: Patch) -> str:
    """The line the finding is on, without what differs each time a mail is made; "" where that is nothing."""
    at = finding.patch_line
    if at is None or not 1 <= at <= len(patch.lines):
        return ""
    line = patch.lines[at - 1]
    if at >= patch.diff_line:
        return "" if line.startswith(_NO_TEXT) else even(line[1:])
    header = next((header for header in reversed(patch.headers) if header.line <= at), None)
    if at < patch.message_line and header:
        name = header.name.lower()
        return even(patch.subject.title) if name == "subject" else name if name in _CHANGING else even(f"{header.name}: {header.value}")
    if patch.notes and at >= patch.notes_line and " | " in line:
        # the diffstat: its numbers are of the whole file
        return even(line.split("|")[0])
    return "" if line.startswith("From ") and at == 1 else even(line)


def even(text: str) -> str:
    """A line with its white space evened; one without end is cut, what is undecodable is replaced: the mark is written down as UTF-8."""
    flat = _LONE.sub("\ufffd", " ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}… {_hash(flat)}"


def change_of(patch: Patch) -> str:
    """A hash of what a patch changes, as git's patch-id: neither line numbers, nor context, nor white space count. "" without a diff."""
    lines = _changed(patch)
    return _hash("\n".join(lines)) if lines else ""


def _changed(patch: Patch) -> list[str]:
    """Each changed line, with its file and sign, white space taken out."""
    return [
        f"{change.path}{line.kind}{''.join(line.text.split())}"
        for change in patch.files
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in "+-"
    ]


def _hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def renames(patches: Iterable[Patch]) -> dict[str, str]:
    """The old path of each file that these patches rename, by its new one."""
    found: dict[str, str] = {}
    for patch in patches:
        for change in patch.files:
            if change.is_rename and change.old_path and change.new_path:
                found[change.new_path] = found.get(change.old_path, change.old_path)
    return found


def became(old: Sequence[Patch], new: Sequence[Patch]) -> dict[int, int]:
    """Which place in `old` each place in `new` had: by what is changed, by subject, then by likeness of what is changed and of the subject."""
    found: dict[int, int] = {}
    left = set(range(len(old)))
    for key in (change_of, _title):
        places: dict[str, list[int]] = {}
        for place in sorted(left, reverse=True):
            places.setdefault(key(old[place]), []).append(place)
        for at, patch in enumerate(new):
            if at not in found and (mine := key(patch)) and places.get(mine):
                found[at] = places[mine].pop()
        left -= set(found.values())
    before = {place: _Features.of(old[place]) for place in sorted(left)}
    after = {at: _Features.of(patch) for at, patch in enumerate(new) if at not in found}
    ranked = sorted(
        (-one.likeness(other), at, place) for at, one in after.items() for place, other in before.items() if one.paths & other.paths
    )
    for ratio, at, place in ranked:
        if -ratio >= ALIKE and at not in found and place in left:
            found[at] = place
            left.discard(place)
    return found


def _title(patch: Patch) -> str:
    return even(patch.subject.title).lower()


@dataclass(frozen=True, slots=True)
class _Features:
    """What two patches are held against each other by."""

    title: str
    paths: frozenset[str]
    lines: frozenset[str]

    @classmethod
    def of(cls, patch: Patch) -> "_Features":
        return cls(_title(patch), frozenset(patch.paths), frozenset(_changed(patch)))

    def likeness(self, other: "_Features") -> float:
        """From 0 to 1: the share of changed lines both have, or the likeness of their subjects."""
        lines = 2 * len(self.lines & other.lines) / (len(self.lines) + len(other.lines) or 1)
        return max(lines, SequenceMatcher(None, self.title, other.title).ratio())
