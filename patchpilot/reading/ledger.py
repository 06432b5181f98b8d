# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds out whether a review comment was addressed.

The evidence is a hunk of the next version's range-diff, or a reply that answers the comment.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cached_property

from patchpilot.model import bounded_number
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.review_points import ReviewPoint
from patchpilot.reading.thread_match import Reply
from patchpilot.series.patch_pairing import title_key

ABOVE, BELOW = 4, 12
"""Changed lines so near to the quoted ones are about them: a reviewer quotes the start of what is
to change more often than its end.
"""
CONTEXT = 2
MOST_LINES = 6000
"""A patch with more lines is not compared."""
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(?P<start>\d+)(?:,\d+)? @@")
_REPORTED = re.compile(r"^(?P<path>[\w./-]+\.\w+):(?P<line>\d+)(?::\d+)?: (?P<text>.*)")
_SYMBOL = re.compile(r"['`‘](\w{2,})['’]")
_AGAIN = re.compile(
    r"\b(?:resend|repost|resubmit|rebase|(?:not|n't) apply|(?:next|new)"
    r" (?:version|patch)|respin)\b",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\b(?:split|separate|different|another|own|unrelated)\b[^.]{0,40}\b(?:patch(?:es)?|changes?)\b|\bsplit\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z_]\w{3,}")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "this that with from have should would could please need needs here there they them your"
        " what when where which also just more than then some like think maybe will does make sure"
        " instead other same patch patches change changes changed code line lines commit message"
        " version about into only really even better fixed fixes",
    )
)
_CHANGED = re.compile(
    r"\b(?:changes?|changelog|changed|diff(?:erences)?)\b.{0,40}\bv\d|^[^\w\n]*v\d+\s*(?:[:.(]|->|=>|→|to"
    r" v)|\b(?:since|from|in) v\d",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:address(?:ed)?|incorporat\w+|appl(?:y|ied)|fix(?:ed|es)?|follow(?:ed)?)\b.{0,30}"
    r"\b(?:comments?|remarks?|notes?|reviews?|suggestions?|changes?|feedback)\b",
    re.IGNORECASE,
)
_PROMISED = re.compile(
    r"\W*(?:(?:ok(?:ay)?|sure|yes|right|agreed|done|thanks?|good point|ack|indeed)\b\W*)*"
    r"(?:(?:i(?:'ll| will)|will|let me|i (?:totally |fully )?agree)\b.*)?$",
    re.IGNORECASE,
)
"""The whole of a sentence that only agrees or promises: what was asked is still to be done."""
_MESSAGE = "Commit message"
_SAME_WORDS = 2
"""Words that two requests must at least have in common, besides half of the longer one's."""


class PointState(StrEnum):
    """The state of a review comment: open, answered, addressed or declined."""

    OPEN = "open"
    ANSWERED = "answered"
    ADDRESSED = "addressed"
    DECLINED = "declined"


@json_form()
@dataclass(frozen=True, slots=True)
class ChangedHunk:
    """A hunk of a patch's range-diff: its location (a path or `Commit message`) and its lines
    with their signs.

    For other evidence, the source that states it.
    """

    place: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PatchText:
    """A patch as lines for comparison, each with its path and line number in the new file.

    The lines are the commit message and the diff, without parts that change with every rebase.
    """

    patch: Patch

    @cached_property
    def _laid(self) -> tuple[tuple[str, str, int], ...]:
        laid = [
            (line, _MESSAGE, 0)
            for line in (self.patch.subject.title, "", *self.patch.message)
        ]
        path, number = "", 0
        for line in self.patch.lines[self.patch.diff_line - 1 :]:
            if line.startswith("+++ "):
                path = line[4:].partition("\t")[0].removeprefix("b/")
            if line.startswith(("diff --git ", "index ", "--- ", "+++ ")):
                continue
            if hunk := _HUNK.match(line):
                number = bounded_number.number(hunk["start"])
                line = f"@@{line[hunk.end() :]}"
                laid.append((line, path, number))
                continue
            laid.append((line, path, number))
            number += not line.startswith("-")
        return tuple(laid[:MOST_LINES])

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines."""
        return tuple(line for line, _, _ in self._laid)

    def place(self, at: int) -> str:
        """The path that a line belongs to."""
        return self._laid[min(at, len(self._laid) - 1)][1]

    def number(self, at: int) -> int:
        """The number of a line in the new file."""
        return self._laid[at][2]


Change = tuple[str, int, int, int, int]
"""What differs between two texts, as SequenceMatcher has it."""


@dataclass(frozen=True)
class NextVersion:
    """The version that follows a revision.

    Contains its label, the patches of both versions, and the text above the diffs of its messages
    (the changelog).
    """

    label: str
    old: tuple[Patch, ...]
    new: tuple[Patch, ...]
    text: str

    @cached_property
    def pairs(self) -> dict[int, tuple[PatchText, PatchText | None]]:
        """The patches of the revision by number, each with what it became (None: it was dropped)."""  # noqa: E501
        left = dict(enumerate(self.new))
        found: dict[int, int] = {}
        for by in (_title, _number):
            known = {by(patch, at): at for at, patch in left.items()}
            for at, patch in enumerate(self.old):
                if (
                    at not in found
                    and (other := known.pop(by(patch, at), None)) is not None
                ):
                    found[at] = other
                    del left[other]
            if len(self.old) != len(self.new):
                break
        if len(self.old) - len(found) == len(left) == 1:
            found[next(at for at in range(len(self.old)) if at not in found)] = next(
                iter(left)
            )
        return {
            (patch.subject.number or at + 1): (
                PatchText(patch),
                PatchText(self.new[found[at]]) if at in found else None,
            )
            for at, patch in enumerate(self.old)
        }

    @cached_property
    def changes(self) -> dict[int, tuple[Change, ...]]:
        """What differs between the two texts of each patch."""
        return {
            number: tuple(
                op
                for op in SequenceMatcher(
                    None, old.lines, new.lines, autojunk=False
                ).get_opcodes()
                if op[0] != "equal"
            )
            for number, (old, new) in self.pairs.items()
            if new is not None
        }

    @cached_property
    def changelog(self) -> tuple[str, ...]:
        """The lines of the changelog."""
        lines = self.text.split("\n")
        start = next(
            (
                at
                for at, line in enumerate(lines)
                if _CHANGED.search(line) or _ALL.search(line)
            ),
            len(lines),
        )
        return tuple(line for line in lines[start:] if line.strip())


def _title(patch: Patch, _at: int) -> object:
    return title_key(patch.subject.title)


def _number(patch: Patch, at: int) -> object:
    return patch.subject.number or at + 1


def addressed_by(point: ReviewPoint, following: NextVersion) -> ChangedHunk | None:
    """Returns the hunk of the range-diff to the next version that addresses a review comment, or
    None.

    A hunk at the quoted lines addresses it; otherwise a changelog entry in the same words does.
    Requests to split, rebase or resend are judged by the patches and the version itself.
    """
    if point.kind is MailKind.BUILD_FAILURE and (
        reported := _REPORTED.match(point.text)
    ):
        return _at_reported(reported, following)
    numbers = (
        [point.patch]
        if point.patch in following.pairs
        else list(following.pairs)
        if not point.patch
        else []
    )
    is_on_patch = False
    for number in numbers:
        old, new = following.pairs[number]
        if new is None:
            continue
        for top, bottom in _quoted_at(point.quoted, old.lines):
            is_on_patch = True
            near = _near(following.changes[number], old, top, bottom)
            op = next(
                (
                    op
                    for distance, op in near
                    if not distance or _says(point, old, new, op)
                ),
                None,
            )
            if op is not None:
                return _hunk(old, new, op)
    if _SPLIT.search(point.text) and len(following.new) > len(following.old):
        return ChangedHunk(
            f"{following.label} has {len(following.new) - len(following.old)} more patches",
            (),
        )
    if _AGAIN.search(point.text):
        return ChangedHunk(f"{following.label} was sent", ())
    if line := _in_changelog(point, following.changelog):
        return ChangedHunk(f"changelog of {following.label}", (line.strip(),))
    if not is_on_patch:
        return _by_words(point, numbers, following)
    return None


def _near(
    changes: Sequence[Change], old: PatchText, top: int, bottom: int
) -> list[tuple[int, Change]]:
    """The changes near some lines of a patch, in the same file or also in the message, each with
    the lines between, the nearest first.
    """
    return sorted(
        (max(op[1] - bottom - 1, top - op[2], 0), op)
        for op in changes
        if op[1] <= bottom + BELOW
        and op[2] >= top - ABOVE
        and old.place(bottom) in (old.place(op[1]), old.place(max(op[2] - 1, op[1])))
    )


def _says(point: ReviewPoint, old: PatchText, new: PatchText, op: Change) -> bool:
    """Whether changed lines have a word of a point."""
    return bool(_words(point.text) & _words(" ".join(_changed(old, new, op))))


def _changed(old: PatchText, new: PatchText, op: Change) -> tuple[str, ...]:
    return (*old.lines[op[1] : op[2]], *new.lines[op[3] : op[4]])


def _at_reported(
    reported: "re.Match[str]", following: NextVersion
) -> ChangedHunk | None:
    """The change near the line that a build report names, or of what it names."""
    symbols = set(_SYMBOL.findall(reported["text"]))
    for number, ops in following.changes.items():
        old, new = following.pairs[number]
        assert new is not None
        for op in ops:
            if old.place(op[1]) != reported["path"]:
                continue
            at = old.number(min(op[1], len(old.lines) - 1))
            near = abs(at - bounded_number.number(reported["line"])) <= BELOW
            lines = _changed(old, new, op)
            if near or any(symbol in line for symbol in symbols for line in lines):
                return _hunk(old, new, op)
    return None


def _by_words(
    point: ReviewPoint, numbers: Iterable[int | None], following: NextVersion
) -> ChangedHunk | None:
    """A change that has the words of a point that quotes nothing."""
    words = _words(point.text)
    for number in numbers:
        if number is None or number not in following.changes:
            continue
        old, new = following.pairs[number]
        assert new is not None
        for op in following.changes[number]:
            if len(words & _words(" ".join(_changed(old, new, op)))) >= 2:
                return _hunk(old, new, op)
    return None


def _quoted_at(
    quoted: Sequence[str], lines: Sequence[str]
) -> Iterable[tuple[int, int]]:
    """Where the quoted lines are in the text of the patch: (first, last) of the best match."""
    wanted = [_bare(line) for line in quoted if _bare(line)]
    if not wanted:
        return []
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        places.setdefault(_bare(line), []).append(at)
    best: tuple[int, int, int] | None = None
    for offset, line in enumerate(reversed(wanted)):
        for at in places.get(line, ()):
            window = {
                _bare(other) for other in lines[max(0, at - 2 * len(wanted)) : at + 1]
            }
            score = sum(other in window for other in wanted)
            if best is None or score > best[0]:
                best = (score, max(0, at - len(wanted) + 1), at + offset)
        if best:
            break
    return [best[1:]] if best else []


def _bare(line: str) -> str:
    return " ".join(line.replace("@@", " ").split()) if not _HUNK.match(line) else ""


def _hunk(old: PatchText, new: PatchText, op: Change) -> ChangedHunk:
    _, start, stop, new_start, new_stop = op
    lines = [f"  {line}" for line in old.lines[max(0, start - CONTEXT) : start]]
    lines += [f"- {line}" for line in old.lines[start:stop]] + [
        f"+ {line}" for line in new.lines[new_start:new_stop]
    ]
    lines += [f"  {line}" for line in old.lines[stop : stop + CONTEXT]]
    return ChangedHunk(
        old.place(start) if start < len(old.lines) else new.place(new_start),
        tuple(lines),
    )


def _words(text: str) -> set[str]:
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)} - _COMMON


def _in_changelog(point: ReviewPoint, changelog: Sequence[str]) -> str:
    """The line of a changelog that speaks of a point: in its words, or of all that its reviewer
    said.
    """
    words = _words(f"{point.text} {' '.join(point.quoted[-2:])}")
    own = _words(point.text)
    name = next(
        (word for word in point.asker.split() if len(word) > 2), point.asker
    ).lower()
    for line in changelog:
        said = _words(line)
        if (
            len(own & said) >= 2
            or (len(words & said) >= 2 and own & said)
            or (name in line.lower() and own & said)
        ):
            return line
    return next((line for line in changelog if _ALL.search(line)), "")


def place_of(point: ReviewPoint, patches: Sequence[Patch]) -> str:
    """Returns the location of the lines that a review comment is about.

    It is `path:line` or `Commit message` in the comment's revision, or "" if unknown.
    """
    for at, patch in enumerate(patches):
        if point.patch in (patch.subject.number or at + 1, None, 0):
            text = PatchText(patch)
            for _, bottom in _quoted_at(point.quoted, text.lines):
                last = min(bottom, len(text.lines) - 1)
                return (
                    f"{text.place(last)}:{text.number(last)}"
                    if text.number(last)
                    else text.place(last)
                )
    return ""


def asked_before(
    point: ReviewPoint, earlier: Sequence[ReviewPoint]
) -> ReviewPoint | None:
    """Returns the person's latest earlier request that this review comment repeats on a later
    version.

    A comment repeats a request if it uses the same words, or some of the same words about the
    same line.
    """
    words, line = _words(point.text), _last_quoted(point)
    for other in reversed(earlier):
        is_earlier = (other.version or 0) < (point.version or 0)
        if not is_earlier:
            continue
        same = words & _words(other.text)
        is_same_line = line is not None and line == _last_quoted(other)
        most = max(len(words), len(_words(other.text)))
        if same and (
            is_same_line or (len(same) >= _SAME_WORDS and len(same) * 2 >= most)
        ):
            return other
    return None


def _last_quoted(point: ReviewPoint) -> str | None:
    """The last quoted line that a point is about, without its sign."""
    lines = [_bare(line.lstrip("+-> ")) for line in point.quoted]
    return next((line for line in reversed(lines) if _WORD.search(line)), None)


def answered_by(point: ReviewPoint, replies: Sequence[Reply]) -> str | None:
    """Returns the Message-ID of the reply that answers a review comment, or None.

    `replies` are the author's replies to the message with the comment. The answer is the first
    reply with text directly below the comment other than a promise to do it.
    """
    words = point.text.rstrip("…").split()
    edges = " ".join(words[:4]), " ".join(words[-4:])
    for reply in replies:
        sentences, every = reply.mail.sentences, reply.mail.body.quoted
        is_one_part = len({one.part for one in sentences if one.quoted}) == 1
        whole = _bare_text(every) if is_one_part else ""
        for sentence in sentences:
            above = whole or _bare_text(sentence.quoted)
            is_below = not every or any(edge in above for edge in edges)
            if is_below and not _PROMISED.match(sentence.text):
                return reply.message_id
    return None


def _bare_text(lines: Sequence[str]) -> str:
    """Quoted lines as one, without their marks."""
    return " ".join(" ".join(line.strip("> ") for line in lines).split())
