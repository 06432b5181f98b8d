# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws patch mails that maintainers remarked on, and patch mails that were applied as they were,
from public-inbox epochs.

python -m tests.lab.mine_remarks OUT LIST=GIT_DIRECTORY ... [--since 2021-01-01]

Writes OUT/LIST/remarks.tsv and accepted.tsv (Message-IDs and labels; these may be committed),
commits.tsv (the files of the mails and the commits of the epoch that added them) and the mails
themselves below OUT/LIST/mails (these may not be committed). Only the words of
`remark_patterns.toml` are looked for, in what a reply says itself to the patch that it answers
directly.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import NamedTuple

PATTERNS = tomllib.loads(
    (Path(__file__).parent / "remark_patterns.toml").read_text(encoding="utf-8")
)
SAID = {
    category: re.compile(table["said"], re.IGNORECASE)
    for category, table in PATTERNS.items()
}

_HEADER = re.compile(
    rb"^(message-id|in-reply-to|subject|from):[ \t]*((?:[^\n]|\n[ \t])*)",
    re.IGNORECASE | re.MULTILINE,
)
_ID = re.compile(rb"<([^<>\s]+)>")
_PATCH = re.compile(rb"^\s*\[[^\]]*(?:PATCH|RFC)[^\]]*\]", re.IGNORECASE)
_BOT = re.compile(
    rb"robot|bot@|\blkp@|patchwork|syzbot|kernelci|noreply|no-reply|buildbot|gregkh.*bot|bot\+|sashiko|ci@|daemon|elfring@|autobuild",
    re.IGNORECASE,
)
_APPLIED = re.compile(
    r"^\W*(?:(?:both|all|series|patch(?:es)?|this|thanks?,?|thank you,?|and|i(?:'ve| have)?|nice,?|great,?|looks good,?|now|patch \d\S*)\s+)*"  # noqa: E501
    r"(?:applied|queued|picked up|pushed|merged|taken|added to)\b"
    r"(?!.{0,60}\b(?:but|except|however|with"
    r" (?:the|a|some|minor|following)|fix(?:ed|ing)|after|amend|tweak|edit))",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE = re.compile(r"^\s*(?:\[[^\]]*\]\s*)+")
_MOST_BYTES = 400_000


class ArchivedMail(NamedTuple):
    """A mail of an archive: its raw text and the headers that threads are made of."""

    raw: bytes
    id: str
    parent: str
    subject: bytes
    sender: bytes
    commit: str = ""

    @property
    def is_patch(self) -> bool:
        """Whether it carries a patch."""
        return bool(_PATCH.match(self.subject)) and (
            b"\n@@ -" in self.raw or b"\ndiff --git " in self.raw
        )


def archived(directory: Path, since: str) -> Iterator[ArchivedMail]:
    """Yields the mails of an epoch, oldest first."""
    listed = subprocess.run(
        [
            "git",
            f"--git-dir={directory}",
            "rev-list",
            "--reverse",
            f"--since={since}",
            "--all",
        ],
        check=True,
        capture_output=True,
    ).stdout.split()
    with subprocess.Popen(
        ["git", f"--git-dir={directory}", "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        for start in range(0, len(listed), 256):
            part = listed[start : start + 256]
            process.stdin.write(b"".join(commit + b":m\n" for commit in part))
            process.stdin.flush()
            for commit in part:
                head = process.stdout.readline().split()
                if len(head) == 3 and head[1] == b"blob":
                    raw = process.stdout.read(int(head[2]))
                    process.stdout.read(1)
                    if len(raw) < _MOST_BYTES and (mail := _mail(raw)):
                        yield mail._replace(commit=commit.decode())
        process.stdin.close()


def _mail(raw: bytes) -> ArchivedMail | None:
    end = raw.find(b"\n\n")
    fields = {name.lower(): value for name, value in _HEADER.findall(raw[: end + 1])}
    own = _ID.search(fields.get(b"message-id", b""))
    if not own:
        return None
    above = _ID.search(fields.get(b"in-reply-to", b""))
    return ArchivedMail(
        raw,
        own[1].decode("latin-1"),
        above[1].decode("latin-1") if above else "",
        fields.get(b"subject", b""),
        fields.get(b"from", b""),
    )


def own_words(raw: bytes) -> list[str]:
    """Returns the unquoted paragraphs of a mail without attribution lines and signature, each on
    one line.
    """
    message = BytesParser(policy=policy.default).parsebytes(raw)
    part = message.get_body(("plain",))
    try:
        text = part.get_content() if part else ""
    except (LookupError, ValueError):
        return []
    paragraphs: list[list[str]] = [[]]
    for line in str(text).splitlines():
        if line == "-- ":
            break
        if line.startswith(">") or not line.strip() or re.search(r"\bwrote:\s*$", line):
            paragraphs.append([])
        else:
            paragraphs[-1].append(line.strip())
    return [" ".join(lines) for lines in paragraphs if lines]


def title_of(subject: bytes) -> str:
    """Returns a subject without its prefixes in brackets, to tell versions of a patch from other
    patches.
    """
    return " ".join(_TITLE.sub("", subject.decode("utf-8", "replace")).lower().split())


class Drawn(NamedTuple):
    """What a list gives: (patch, reply, category, paragraph) of remarks, and (patch, reply) of
    patches applied as they were.
    """

    remarks: list[tuple[ArchivedMail, ArchivedMail, str, str]]
    accepted: list[tuple[ArchivedMail, ArchivedMail]]


def _address_of(mail: ArchivedMail) -> str:
    return parseaddr(mail.sender.decode("latin-1"))[1].lower()


def draw(directory: Path, since: str) -> Drawn:
    """Reads an epoch and draws remarks and accepted patches."""
    patches: dict[str, ArchivedMail] = {}
    replies: dict[str, list[ArchivedMail]] = defaultdict(list)
    versions: dict[str, int] = defaultdict(int)
    for mail in archived(directory, since):
        if mail.is_patch:
            patches[mail.id] = mail
            versions[title_of(mail.subject)] += 1
        elif mail.parent in patches and not _BOT.search(mail.sender):
            replies[mail.parent].append(mail)
    remarks, accepted = [], []
    for patch_id, answers in replies.items():
        patch = patches[patch_id]
        author = _address_of(patch)
        asked, applied = False, None
        for answer in (one for one in answers if _address_of(one) != author):
            for paragraph in own_words(answer.raw):
                for category, pattern in SAID.items():
                    if len(paragraph) < 1500 and pattern.search(paragraph):
                        remarks.append((patch, answer, category, paragraph))
                        asked = True
                applied = answer if _APPLIED.search(paragraph[:300]) else applied
        if applied and not asked and versions[title_of(patch.subject)] == 1:
            accepted.append((patch, applied))
    return Drawn(remarks, accepted)


def main(arguments: list[str]) -> int:
    """Draws from each list and writes what was drawn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("lists", nargs="+", metavar="LIST=GIT_DIRECTORY")
    parser.add_argument("--since", default="2021-01-01")
    options = parser.parse_args(arguments)
    for pair in options.lists:
        name, _, directory = pair.partition("=")
        drawn = draw(Path(directory), options.since)
        place = options.out / name
        (place / "mails").mkdir(parents=True, exist_ok=True)
        with (
            (place / "remarks.tsv").open("w", encoding="utf-8") as file,
            (place / "said.tsv").open("w", encoding="utf-8") as said,
        ):
            for patch, answer, category, paragraph in drawn.remarks:
                file.write(f"{name}\t{patch.id}\t{answer.id}\t{category}\n")
                said.write(
                    f"{_file_name(patch.id)}\t{answer.id}\t{category}\t{paragraph}\n"
                )
                (place / "mails" / _file_name(patch.id)).write_bytes(patch.raw)
        found = dict.fromkeys(
            [
                *(patch for patch, *_ in drawn.remarks),
                *(patch for patch, _ in drawn.accepted),
            ]
        )
        (place / "commits.tsv").write_text(
            "".join(f"{_file_name(patch.id)}\t{patch.commit}\n" for patch in found),
            encoding="utf-8",
        )
        with (place / "accepted.tsv").open("w", encoding="utf-8") as file:
            for patch, answer in drawn.accepted:
                file.write(f"{name}\t{patch.id}\t{answer.id}\n")
                (place / "mails" / _file_name(patch.id)).write_bytes(patch.raw)
        print(
            f"{name}: {len(drawn.remarks)} remarks on"
            f" {len({patch.id for patch, *_ in drawn.remarks})} mails, {len(drawn.accepted)}"
            " accepted",
            flush=True,
        )
    return 0


def _file_name(message_id: str) -> str:
    return f"{hashlib.sha256(message_id.encode('latin-1')).hexdigest()[:16]}.eml"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
