# SPDX-License-Identifier: GPL-2.0-or-later
"""The subject of a patch: `[PATCH net v2 1/3] net: x: do y`."""

from typing import NamedTuple

from patchpilot.cache import patterns as re
from patchpilot.model.stable_prefix import is_for_stable, stable_versions


class Subject(NamedTuple):
    """A patch's subject: `[PATCH net v2 1/3] net: x: do y` parsed; `words` are the marks that are neither version nor number."""

    raw: str
    title: str
    marks: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: int = 1
    number: int | None = None
    total: int | None = None
    rfc: bool = False
    resend: bool = False
    is_patch: bool = False

    @property
    def stables(self) -> tuple[str, ...]:
        """The stable trees it is for ("6.1" of `[PATCH 6.1.y]`), none for a mainline patch."""
        return stable_versions(self.words)

    @property
    def stable(self) -> str | None:
        """The first of the stable trees it is for."""
        return next(iter(self.stables), None)

    @property
    def of_set(self) -> bool:
        """Whether its marks say that it is about a set of patches: `[PATCHSET v4 1/2]`, `[PATCH SET v4]`."""
        return bool(_SET.search(" ".join(self.marks)))

    @property
    def for_stable(self) -> bool:
        """Whether its prefix says that it is for a stable tree, by a version or the word "stable"."""
        return is_for_stable(self.words)


_SET = re.compile(r"\bpatch ?set\b", re.IGNORECASE)
_MARK = re.compile(r"\s*\[([^\]]*)\]")
_AT_THE_END = re.compile(r"(?<!\s)\s*(?:\[ver #(?P<a>\d{1,4})\]|\bver #(?P<b>\d{1,4}))\s*$", re.IGNORECASE)
_JOINED = re.compile(r"\b(?P<version>(?:patch)?v\d{1,3})-+(?=(?!rc|stable|lts)[a-z])|(?<=[a-z])-(?=v\d{1,3}(?![\w.-]))", re.IGNORECASE)
"""Where a version is joined to another mark: `[PATCHv2-next]`, `[PATCH net-next-v3]`."""
_RE = re.compile(r"^\s*(?:(?:re|fwd?|aw|antw|sv|vs)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def parse_subject(raw: str) -> Subject:
    """Parse a subject line; marks are read from all leading brackets, the version also from `[ver #3]` at its end."""
    text = " ".join(raw.split())
    rest = _RE.sub("", text)
    marks: list[str] = []
    while match := _MARK.match(rest):
        marks.append(match[1])
        rest = rest[match.end() :]
    words: list[str] = []
    version, number, total, rfc, resend, is_patch = 1, None, None, False, False, False
    if marks and (ended := _AT_THE_END.search(rest)):
        version, rest = int(ended["a"] or ended["b"]), rest[: ended.start()]
    for mark in marks:
        for word in re.split(r"[\s,]+", _JOINED.sub(r"\g<version> ", mark).strip()):
            lower = word.lower()
            if numbered := re.fullmatch(r"(\d{1,6})/(\d{1,6}|n)", lower):
                number = int(numbered[1])
                total = int(numbered[2]) if numbered[2] != "n" else None
            elif versioned := re.fullmatch(r"(?:(patch|rfc)/?)?v(\d{1,4})(?:\.\d+|[a-z])?", lower):
                version = int(versioned[2])
                is_patch = is_patch or versioned[1] == "patch"
                rfc = rfc or versioned[1] == "rfc"
            elif lower == "patch":
                is_patch = True
            elif lower == "rfc":
                rfc = True
                words.append(word)
            elif lower in ("resend", "repost"):
                resend = True
                words.append(word)
            elif word:
                words.append(word)
    return Subject(raw, rest.strip(), tuple(marks), tuple(words), version, number, total, rfc, resend, is_patch)
