# SPDX-License-Identifier: GPL-2.0-or-later
"""The subject of a patch, such as `[PATCH net v2 1/3] net: x: do y`."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import compile_late

_STABLE = compile_late(
    r"(?:for-)?(?:linux-)?(?:stable-)?(?:linux-)?v?(?P<version>\d{1,2}\.\d{1,3})(?:\.\d+)?(?P<tree>\.y)?(?:-(?:stable|lts))?",
    re.IGNORECASE,
)


_STABLE_WORD = compile_late(
    r"(?:for-)?(?:linux-)?(?:-?stable|-?backport|-?lts)(?:-only|-rc)?|for-stable",
    re.IGNORECASE,
)


def stable_versions(words: Sequence[str]) -> tuple[str, ...]:
    """Return the stable versions named in a subject prefix.

    `[PATCH 6.1.y]` and `[PATCH stable 6.1]` give ("6.1",), and `[PATCH 5.10/5.15]` gives two
    versions.
    """
    result: dict[str, None] = {}
    for at, word in enumerate(words):
        for part in re.split(r"[/+|&]|(?<=\d)-(?=\d)|(?<=\.y)-(?=\d)", word):
            one = _STABLE.fullmatch(part)
            # "for 6.2" names the next mainline release
            early = (
                at > 0 and words[at - 1].lower() == "for"
            ) or part.lower().startswith("for-")
            if one and (one["tree"] or not early or "stable" in part.lower()):
                result.setdefault(one["version"])
    return tuple(result)


def is_for_stable(words: Sequence[str]) -> bool:
    """Return whether a subject prefix names a stable tree or marks the patch as being for
    stable.
    """
    return bool(stable_versions(words)) or any(
        _STABLE_WORD.fullmatch(word) for word in words
    )


class Subject(NamedTuple):
    """The parsed subject of a patch, such as `[PATCH net v2 1/3] net: x: do y`.

    `words` are the words in brackets that are neither a version nor a number.
    """

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
        """Return the versions of the stable trees ("6.1" for `[PATCH 6.1.y]`), or () for
        mainline.
        """
        return stable_versions(self.words)

    @property
    def stable(self) -> str | None:
        """Return the first stable tree's version, or None."""
        return next(iter(self.stables), None)

    @property
    def is_set(self) -> bool:
        """Return whether the subject marks a set of patches, such as `[PATCHSET v4 1/2]` or
        `[PATCH SET v4]`.
        """
        return bool(_SET.search(" ".join(self.marks)))

    @property
    def pull_request(self) -> bool:
        """Return whether the subject is that of a pull request."""
        return "pull" in " ".join(self.marks).lower() or bool(_PULL.match(self.title))

    @property
    def for_stable(self) -> bool:
        """Return whether the prefix names a stable tree, by version or by the word "stable"."""
        return is_for_stable(self.words)


_PULL = compile_late(r"pull[ -]request\b", re.IGNORECASE)
_SET = compile_late(r"\bpatch ?set\b", re.IGNORECASE)
_MARK = compile_late(r"[\s:]*(?:\[([^\]]*)\]|re:)", re.IGNORECASE)
"""What git removes from the start of a subject, in any order."""
_REPLY = compile_late(
    r"^\s*(?:(?:re|fwd?|aw|antw|sv|vs)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
_AT_THE_END = compile_late(
    r"(?<!\s)\s*(?:\[ver #(?P<a>\d{1,4})\]|\bver #(?P<b>\d{1,4}))\s*$",
    re.IGNORECASE,
)
_JOINED = compile_late(
    r"\b(?P<version>(?:patch)?v\d{1,3})-+(?=(?!rc|stable|lts)[a-z])|(?<=[a-z])-(?=v\d{1,3}(?![\w.-]))",
    re.IGNORECASE,
)
"""Where a version is joined to another mark: `[PATCHv2-next]`, `[PATCH net-next-v3]`."""
_NUMBERED = compile_late(r"(patch)?(\d{1,6})/(\d{1,6}|n)")
_VERSIONED = compile_late(r"(?:(patch|rfc)/?)?v(\d{1,4})(?:\.\d+|(patch)|[a-z])?")
_WORDS = {"rfc": {"rfc": True}, "resend": {"resend": True}, "repost": {"resend": True}}


def parse_subject(raw: str) -> Subject:
    """Parse a subject line.

    All leading brackets are read; the version may also be in `[ver #3]` at the end.
    """
    rest = _REPLY.sub("", " ".join(raw.split()))
    marks: list[str] = []
    while match := _MARK.match(rest):
        marks += [match[1]] if match[1] is not None else []
        rest = rest[match.end() :]
    rest = rest.lstrip(" :")
    words: list[str] = []
    fields: dict[str, Any] = {}
    if marks and (ended := _AT_THE_END.search(rest)):
        fields["version"] = int(ended["a"] or ended["b"])
        rest = rest[: ended.start()]
    for mark in marks:
        for word in re.split(r"[\s,]+", _JOINED.sub(r"\g<version> ", mark).strip()):
            if marked := _number_in_mark(word.lower()):
                fields |= marked
            elif word:
                words.append(word)
                fields |= _WORDS.get(word.lower(), {})
    return Subject(raw, rest.strip(), tuple(marks), tuple(words), **fields)


def _number_in_mark(word: str) -> dict[str, Any]:
    """Parse a number or version from a word in the brackets."""
    if numbered := _NUMBERED.fullmatch(word):
        total = int(numbered[3]) if numbered[3] != "n" else None
        patch = {"is_patch": True} if numbered[1] else {}
        return {"number": int(numbered[2]), "total": total, **patch}
    if versioned := _VERSIONED.fullmatch(word):
        kind = {"patch": {"is_patch": True}, "rfc": {"rfc": True}}
        word = versioned[1] or versioned[3]
        return {"version": int(versioned[2]), **kind.get(word, {})}
    return {"is_patch": True} if word == "patch" else {}
