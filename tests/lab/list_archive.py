# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the messages in a public-inbox epoch, and extract the text written by the sender."""

import re
import subprocess
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import NamedTuple

_HEADER = re.compile(
    rb"^(message-id|in-reply-to|subject|from):[ \t]*((?:[^\n]|\n[ \t])*)",
    re.IGNORECASE | re.MULTILINE,
)
_ID = re.compile(rb"<([^<>\s]+)>")
_PATCH = re.compile(rb"^\s*\[[^\]]*(?:PATCH|RFC)[^\]]*\]", re.IGNORECASE)
_TITLE = re.compile(r"^\s*(?:\[[^\]]*\]\s*)+")
_VERSION = re.compile(rb"\[[^\]]*\bv(\d{1,2})\b", re.IGNORECASE)
_BOT = re.compile(
    rb"robot|bot@|\blkp@|patchwork|syzbot|kernelci|noreply|no-reply|buildbot|gregkh.*bot|bot\+|sashiko|ci@|daemon|elfring@|autobuild",
    re.IGNORECASE,
)
_MOST_BYTES = 400_000


class ArchivedMail(NamedTuple):
    """A message in an archive, with the headers used for threading."""

    raw: bytes
    id: str
    parent: str
    subject: bytes
    sender: bytes

    @property
    def is_patch(self) -> bool:
        return bool(_PATCH.match(self.subject)) and (
            b"\n@@ -" in self.raw or b"\ndiff --git " in self.raw
        )

    @property
    def is_from_bot(self) -> bool:
        return bool(_BOT.search(self.sender))

    @property
    def address(self) -> str:
        return parseaddr(self.sender.decode("latin-1"))[1].lower()

    @property
    def title(self) -> str:
        """Return the subject without prefixes, in lower case."""
        decoded_subject = self.subject.decode("utf-8", "replace")
        return " ".join(_TITLE.sub("", decoded_subject).lower().split())

    @property
    def version(self) -> int:
        match = _VERSION.search(self.subject)
        return int(match[1]) if match else 1


def read_archive(
    directory: Path, start_date: str, end_date: str = "2100-01-01"
) -> Iterator[ArchivedMail]:
    """Yield the messages that an epoch received between two dates, oldest first."""
    git_command = ["git", f"--git-dir={directory}"]
    date_range = [f"--since={start_date}", f"--until={end_date}"]
    commits = subprocess.run(
        [*git_command, "rev-list", "--reverse", *date_range, "--all"],
        check=True,
        capture_output=True,
    ).stdout.split()
    with subprocess.Popen(
        [*git_command, "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        for start in range(0, len(commits), 256):
            commit_batch = commits[start : start + 256]
            process.stdin.write(b"".join(commit + b":m\n" for commit in commit_batch))
            process.stdin.flush()
            for _ in commit_batch:
                head = process.stdout.readline().split()
                if len(head) == 3 and head[1] == b"blob":
                    raw_mail = process.stdout.read(int(head[2]))
                    process.stdout.read(1)
                    if len(raw_mail) < _MOST_BYTES and (mail := _parse_archived_mail(raw_mail)):
                        yield mail
        process.stdin.close()


def _parse_archived_mail(raw_mail: bytes) -> ArchivedMail | None:
    end = raw_mail.find(b"\n\n")
    fields = {name.lower(): value for name, value in _HEADER.findall(raw_mail[: end + 1])}
    message_id = _ID.search(fields.get(b"message-id", b""))
    if not message_id:
        return None
    parent_id = _ID.search(fields.get(b"in-reply-to", b""))
    return ArchivedMail(
        raw_mail,
        message_id[1].decode("latin-1"),
        parent_id[1].decode("latin-1") if parent_id else "",
        fields.get(b"subject", b""),
        fields.get(b"from", b""),
    )


def extract_unquoted_paragraphs(raw_mail: bytes) -> list[str]:
    """Return the paragraphs of a message, without quotations, attributions and the signature."""
    message = BytesParser(policy=policy.default).parsebytes(raw_mail)
    text_part = message.get_body(("plain",))
    try:
        body_text = text_part.get_content() if text_part else ""
    except (LookupError, ValueError):
        return []
    paragraphs: list[list[str]] = [[]]
    for line in str(body_text).splitlines():
        if line == "-- ":
            break
        if line.startswith(">") or not line.strip() or re.search(r"\bwrote:\s*$", line):
            paragraphs.append([])
        else:
            paragraphs[-1].append(line.strip())
    return [" ".join(lines) for lines in paragraphs if lines]
