# SPDX-License-Identifier: GPL-2.0-or-later
"""Check that `git am` recreates the original commit from a message.

The author, commit message and diff are compared.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.model.address import decode_words
from patchpilot.model.mail import MailText, parse_body_headers, strip_quotes
from patchpilot.model.patch import Patch
from patchpilot.model.trailer import find_notes_line
from patchpilot.outgoing.omit_trailers import omit_trailers

_TOO_LONG = "a line is longer than 998 bytes and not encoded: mail servers break it"
_UNCLOSED = (
    "its author's name has an unbalanced parenthesis or quote, and git parses such a name wrongly"
)
MAX_LINE = 998
"""Maximum length of a line in bytes (RFC 5322); servers break or reject longer lines."""


def has_unclosed_author(raw: bytes) -> bool:
    """Return whether the From: line of the author has an unbalanced parenthesis or quote.

    git 2.39 then reads beyond the end of the name, and may record a different author each time.
    """
    lines = raw.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape").split("\n")
    text = MailText(lines)
    body_author = parse_body_headers(text.lines)[0].get("from")
    return not strip_quotes(
        text.fields.get("from", "") if body_author is None else decode_words(body_author)
    )[1]


def _strip_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def find_mails_changed_by_am(
    repository: Repository, mails: Iterable[tuple[bytes, Patch]], omitted: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return the subject and the problem of each message from which `git am` would create a
    different commit.

    `mails` contains each message with its source, which is a commit's patch formatted by git or a
    patch file. `omitted` contains the names of trailers that were left out on purpose.
    """
    with TemporaryFolder("am") as folder:
        results = [
            (patch.subject.title, _describe_damage(repository, raw, patch, folder, omitted))
            for raw, patch in mails
        ]
    return tuple(entry for entry in results if entry[1])


def _describe_damage(
    repository: Repository, raw: bytes, patch: Patch, folder: Path, omitted: Sequence[str]
) -> str:
    if any(len(line) > MAX_LINE for line in raw.replace(b"\r\n", b"\n").split(b"\n")):
        return _TOO_LONG
    if has_unclosed_author(raw):
        return _UNCLOSED
    message_file, diff_file = folder / "message", folder / "patch"
    result = repository.git(
        "-c",
        "mailinfo.scissors=false",
        "mailinfo",
        str(message_file),
        str(diff_file),
        stdin=raw,
        ok=(),
    )
    if result.code:
        return "git cannot parse it as a patch"
    info = dict(line.split(": ", 1) for line in result.text.splitlines() if ": " in line)
    author_fields = (info.get("Author", ""), info.get("Email", ""))
    subject = info.get("Subject", "")
    commit = repository.commit(patch.commit) if patch.commit else None
    expected = commit.author if commit else patch.author
    if expected and author_fields != (expected.name, expected.email):
        return f"its author would be {author_fields[0]} <{author_fields[1]}>"
    if not (
        subject == commit.subject if commit else subject.split() == patch.subject.title.split()
    ):
        return f"its subject would be {subject!r}"
    body = _drop_notes(commit.body) if commit else "\n".join(patch.message)
    body = "\n".join(omit_trailers(body.split("\n"), omitted)[0])
    if _strip_lines(_read_text(message_file)) != _strip_lines(body):
        return "its message would differ"
    has_same_diff = _contains_diff(_read_text(diff_file).split("\n"), patch)
    return "" if has_same_diff else "its content would differ"


def _drop_notes(body: str) -> str:
    lines = body.split("\n")
    return "\n".join(lines[: find_notes_line(lines)])


def _read_text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def _contains_diff(received: Sequence[str], patch: Patch) -> bool:
    diff = list(patch.lines[patch.diff_line - 1 :])
    if not patch.commit and "-- " in diff:
        # a patch file may end with a signature and with lines added by patchpilot
        diff = diff[: diff.index("-- ")]
    while diff and not diff[-1].strip():
        diff.pop()
    start = received.index(diff[0]) if diff and diff[0] in received else 0
    end = start + len(diff)
    return received[start:end] == diff and not any(
        line.startswith(("diff --git ", "@@ -")) for line in (*received[:start], *received[end:])
    )
