# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws whole threads of real series, by seed, from an epoch of a public-inbox: each is written as
OUT/NAME.mbox.

    python -m tests.lab.draw_threads ARCHIVE SEED COUNT OUT

ARCHIVE is a bare v2 epoch (a commit a mail, file `m`). A series starts with a first version (a
patch of its own, a cover letter or patch 1) and has at least 3 mails in all and at most 60, for a
person to read. It gets every version by the same author, what answers any of them, and what else
names one of its titles (stable and AUTOSEL mails, bots). The mails are people's: commit none of
them.
"""

import argparse
import hashlib
import random
import re
import sys
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.parser import HeaderParser
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path

from tests.lab.mine_remarks import ArchivedMail, archived

FEWEST, MOST = 3, 60
_SINCE = "1990-01-01"
_PATCH = re.compile(
    r"^\s*\[(?P<marks>[^\]]*\b(?:PATCH|RFC)[^\]]*)\]\s*(?P<title>.*)$", re.IGNORECASE
)
_VERSION = re.compile(r"\bv(\d+)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\b(\d+)/(\d+)\b")
_MACHINERY = re.compile(
    r"\b(?:AUTOSEL|stable|STABLE|FAILED|[4-9]\.\d+(?:\.\d+)?(?:-stable)?)\b"
)


@dataclass(frozen=True)
class Posting:
    """One mail as the drawing needs it: its id, whom it answers, its sender and its subject."""

    message_id: str
    answers: tuple[str, ...]
    name: str
    email: str
    subject: str

    @cached_property
    def patch(self) -> "re.Match[str] | None":
        """The subject's marks and title where it is a patch or a cover letter."""
        return _PATCH.match(self.subject)

    @property
    def title(self) -> str:
        """The title without marks and reply words, in lower case.

        Of a bot's mail the one it quotes.
        """
        quoted = re.search(r"\bpatch \"(?P<title>.+)\" ", self.subject, re.IGNORECASE)
        if quoted:
            return " ".join(quoted["title"].lower().split())
        bare = re.sub(
            r"^(?:\s*(?:re|aw|fwd?|sv|antw)\s*:|\s*\[[^\]]*\])+\s*",
            "",
            self.subject,
            flags=re.IGNORECASE,
        )
        return " ".join(bare.lower().split())

    @property
    def is_first(self) -> bool:
        """Whether a series starts here: its first version as one patch, a cover letter, or patch 1."""  # noqa: E501
        if not self.patch or _MACHINERY.search(marks := self.patch["marks"]):
            return False
        number = _NUMBER.search(marks)
        version = _VERSION.search(marks)
        return (
            (not version or version[1] == "1")
            and (not number or int(number[1]) < 2)
            and not re.search(r"resend|pull", marks, re.IGNORECASE)
        )


class Epoch:
    """The mails of an archive, found by id, by what they answer and by title."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.by_id: dict[str, Posting] = {}
        self.answers: dict[str, list[Posting]] = defaultdict(list)
        self.titled: dict[str, list[Posting]] = defaultdict(list)
        for mail in map(_posting, archived(archive, _SINCE)):
            if mail.message_id not in self.by_id:
                self.by_id[mail.message_id] = mail
                self.titled[mail.title].append(mail)
                for answered in mail.answers:
                    self.answers[answered].append(mail)

    def thread(self, first: Posting) -> dict[str, Posting]:
        """Every mail about the series that starts with `first`, by Message-ID."""
        found: dict[str, Posting] = {}
        open_mails = [first]
        while open_mails and len(found) <= MOST:
            mail = open_mails.pop()
            if mail.message_id in found:
                continue
            found[mail.message_id] = mail
            open_mails += self.answers[mail.message_id]
            open_mails += [
                self.by_id[known]
                for known in mail.answers
                if known in self.by_id and self._is_above(self.by_id[known], first)
            ]
            if self._is_of(mail, first):
                # patches below a cover letter that is not in this archive
                open_mails += [
                    other
                    for known in mail.answers
                    if known not in self.by_id
                    for other in self.answers[known]
                ]
                open_mails += [
                    other
                    for other in self.titled[mail.title]
                    if self._is_about(other, first)
                ]
        return found

    def whole(self, wanted: Set[str]) -> dict[str, bytes]:
        """The bytes of these mails, by Message-ID."""
        return {
            mail.id: mail.raw
            for mail in archived(self.archive, _SINCE)
            if mail.id in wanted
        }

    def _is_of(self, mail: Posting, first: Posting) -> bool:
        return mail.patch is not None and (
            mail.email == first.email or (mail.name == first.name and bool(mail.name))
        )

    def _is_above(self, mail: Posting, first: Posting) -> bool:
        """Whether a mail that another of the thread answers is part of the series: by its author,
        or a cover letter from a second address.
        """
        return self._is_of(mail, first) or bool(
            mail.patch
            and (number := _NUMBER.search(mail.patch["marks"]))
            and int(number[1]) == 0
        )

    def _is_about(self, mail: Posting, first: Posting) -> bool:
        """Whether a mail of the same title is this author's version, or one of a machine or a
        stable tree that carries it.
        """
        return self._is_of(mail, first) or bool(
            _MACHINERY.search(mail.subject) or 'patch "' in mail.subject.lower()
        )


def _posting(mail: ArchivedMail) -> Posting:
    headers = HeaderParser().parsestr(mail.raw.partition(b"\n\n")[0].decode("latin-1"))
    name, email = parseaddr(_plain(headers["From"]))
    ids = re.findall(
        r"<([^<>\s]+)>", f"{headers['References'] or ''} {headers['In-Reply-To'] or ''}"
    )
    return Posting(
        mail.id,
        tuple(dict.fromkeys(ids)),
        name.lower(),
        email.lower(),
        " ".join(_plain(headers["Subject"]).split()),
    )


def _plain(header: object) -> str:
    text = str(header or "")
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text


def draw(epoch: Epoch, seed: int, count: int) -> list[dict[str, Posting]]:
    """So many different series, the same for the same seed."""
    starts = [mail for mail in epoch.by_id.values() if mail.is_first]
    random.Random(seed).shuffle(starts)
    drawn: list[dict[str, Posting]] = []
    seen: set[str] = set()
    for first in starts:
        if len(drawn) == count:
            break
        if first.message_id in seen:
            continue
        thread = epoch.thread(first)
        seen.update(thread)
        if FEWEST <= len(thread) <= MOST:
            drawn.append(thread)
    return drawn


def main(archive: Path, seed: int, count: int, out: Path) -> int:
    """Write the drawn threads; prints a line each."""
    epoch = Epoch(archive)
    out.mkdir(parents=True, exist_ok=True)
    drawn = draw(epoch, seed, count)
    mails = epoch.whole({known for thread in drawn for known in thread})
    for thread in drawn:
        first = next(iter(thread.values()))
        name = f"{re.sub(r'[^a-z0-9]+', '-', first.title)[:40].strip('-')}-{hashlib.sha256(first.message_id.encode()).hexdigest()[:6]}"  # noqa: E501
        with (out / f"{name}.mbox").open("wb") as mbox:
            for known in thread:
                body = re.sub(rb"^(>*From )", rb">\1", mails[known], flags=re.MULTILINE)
                mbox.write(
                    b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
                    + body.rstrip(b"\n")
                    + b"\n\n"
                )
        print(f"{name}: {len(thread)} mails, <{first.message_id}>")
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("archive", type=Path)
    words.add_argument("seed", type=int)
    words.add_argument("count", type=int)
    words.add_argument("out", type=Path)
    sys.exit(main(**vars(words.parse_args())))
