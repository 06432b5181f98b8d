# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that `git am` recreates the original commit from a message.

Author, commit message and content are compared, in a temporary index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.model.encoded_words import decode_words
from patchpilot.model.mailinfo import MailText, commit_message, unquoted
from patchpilot.model.patch import Patch

_TOO_LONG = "a line is longer than 998 bytes and not encoded: mail servers break it"
_UNCLOSED = (
    "its author's name has an unbalanced parenthesis or "
    "quote, and git parses such a name wrongly"
)
MAX_LINE = 998
"""Bytes a line of a mail may have (RFC 5322); servers break or reject longer ones."""


@dataclass(frozen=True, slots=True)
class _AppliedMail:
    """What git reads in a mail: (name, email) of the author, the subject, the message's lines, and
    the file that has the diff.
    """

    author: tuple[str, str]
    subject: str
    message: list[str]
    patch: Path


def damage(repository: Repository, scratch: Scratch, raw: bytes, commit_id: str) -> str:
    """Describes how a message differs from its commit, or returns "" if it does not."""
    commit = repository.commit(commit_id)
    author = (commit.author.name, commit.author.email)
    with TemporaryFolder("am") as place:
        applied = _mailinfo(repository, raw, place)
        if isinstance(applied, str):
            return applied
        wrong = _differs(
            applied, author, applied.subject == commit.subject, commit.body
        )
        return wrong or _content(
            scratch,
            applied.patch,
            commit_id,
            commit.parents[0] if commit.parents else None,
        )


def _mailinfo(repository: Repository, raw: bytes, place: Path) -> _AppliedMail | str:
    """The mail as git reads it, its diff left in `place`; or why it cannot be read, in words."""
    if _too_long(raw):
        return _TOO_LONG
    if author_unclosed(raw):
        return _UNCLOSED
    message, patch = place / "message", place / "patch"
    done = repository.git(
        "-c",
        "mailinfo.scissors=false",
        "mailinfo",
        str(message),
        str(patch),
        stdin=raw,
        ok=(),
    )
    if done.code:
        return "git cannot parse it as a patch"
    info = dict(line.split(": ", 1) for line in done.text.splitlines() if ": " in line)
    text = message.read_bytes().decode("utf-8", "surrogateescape")
    return _AppliedMail(
        (info.get("Author", ""), info.get("Email", "")),
        info.get("Subject", ""),
        _lines(text),
        patch,
    )


def _differs(
    applied: _AppliedMail,
    author: tuple[str, str] | None,
    same_subject: bool,
    message: str,
) -> str:
    """What differs in the author, subject or message that git reads in the mail, in words; "" for
    nothing.

    `author` None: any author.
    """
    if author and applied.author != author:
        return f"its author would be {applied.author[0]} <{applied.author[1]}>"
    if not same_subject:
        return f"its subject would be {applied.subject!r}"
    return "" if applied.message == _lines(message) else "its message would differ"


def author_unclosed(raw: bytes) -> bool:
    """Whether the From: line that `git am` reads has an unbalanced parenthesis or quote.

    In that case git reads past the end of the name into adjacent memory (seen with 2.39), so that
    each run may produce another author.
    """
    lines = raw.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape").split("\n")
    text = MailText(lines)
    in_body = commit_message(text.lines)[0].get("from")
    return not unquoted(
        text.fields.get("from", "") if in_body is None else decode_words(in_body)
    )[1]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _content(scratch: Scratch, patch: Path, commit_id: str, parent: str | None) -> str:
    """Apply the diff to an index that holds only the files it touches."""
    files = scratch.repository.changed_files(parent, commit_id)
    if not files:
        return ""
    index = {"GIT_INDEX_FILE": str(patch.parent / "index")}
    before = "".join(
        f"{file.old_mode} {file.old_id}\t{file.path}\0"
        for file in files
        if _exists(file.old_mode)
    )
    stdin = before.encode("utf-8", "surrogateescape")
    scratch.git("update-index", "-z", "--index-info", stdin=stdin, env=index)
    done = scratch.git(
        "apply", "--cached", "--whitespace=nowarn", str(patch), env=index, ok=()
    )
    if done.code:
        return "its diff would not apply to the commit it is based on"
    applied = {
        line.split("\t", 1)[1]: line.split()[:2]
        for line in scratch.git("ls-files", "-s", "-z", env=index).text.split("\0")
        if line
    }
    committed = {
        file.path: [file.mode, file.object_id] for file in files if _exists(file.mode)
    }
    return "" if applied == committed else "its content would differ"


def _exists(mode: str) -> bool:
    """Whether the file of this mode exists: git shows a missing one as 000000."""
    return mode.strip("0") != ""


def _too_long(raw: bytes) -> bool:
    return any(
        len(line) > MAX_LINE for line in raw.replace(b"\r\n", b"\n").split(b"\n")
    )


def files_changed_by_am(
    repository: Repository, mails: Sequence[tuple[bytes, Patch]]
) -> tuple[tuple[str, str], ...]:
    """Returns (subject, problem) for each message from which `git am` would create another
    commit.

    `mails` contains pairs of a message's bytes and the patch file from which it was made.
    """
    changed_mails = (
        (patch.subject.title, _file_damage(repository, raw, patch))
        for raw, patch in mails
    )
    return tuple(entry for entry in changed_mails if entry[1])


def _file_damage(repository: Repository, raw: bytes, patch: Patch) -> str:
    author = (patch.author.name, patch.author.email) if patch.author else None
    with TemporaryFolder("am") as place:
        applied = _mailinfo(repository, raw, place)
        if isinstance(applied, str):
            return applied
        same_subject = " ".join(applied.subject.split()) == " ".join(
            patch.subject.title.split()
        )
        if wrong := _differs(applied, author, same_subject, "\n".join(patch.message)):
            return wrong
        received = (
            applied.patch.read_bytes().decode("utf-8", "surrogateescape").split("\n")
        )
    diff = list(patch.lines[patch.diff_line - 1 :])
    # below the diff are the signature and our own footers
    diff = diff[: diff.index("-- ")] if "-- " in diff else diff
    while diff and not diff[-1].strip():
        diff.pop()
    at = received.index(diff[0]) if diff and diff[0] in received else 0
    return "" if received[at : at + len(diff)] == diff else "its content would differ"


def mails_changed_by_am(
    repository: Repository, mails: list[tuple[bytes, str]]
) -> tuple[tuple[str, str], ...]:
    """Returns (subject, problem) for each message that `git am` would not turn back into its
    commit.

    `mails` contains pairs of a message's bytes and its commit id.
    """
    damaged = []
    with Scratch(repository) as scratch:
        for raw, commit_id in mails:
            wrong = damage(repository, scratch, raw, commit_id)
            if wrong:
                damaged.append((repository.commit(commit_id).subject, wrong))
    return tuple(damaged)
