# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patch files of many programs are read as `git am` reads them.

Each form is a way in which git, b4, archives, forges, hg, quilt or a mail program writes the same
commit. `check`, `maintainers` and `send` read it, and `git am` makes the same commit from the
message of `send`. A form that git cannot read is named.
"""

import base64
import gzip
import quopri
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import topic

MAINTAINERS = """List
----

Maintainers List
----------------

WIDGET
M:\tMia Maintainer <mia@example.org>
L:\twidgets@lists.example.org
S:\tMaintained
F:\twidget.c
"""
Form = Callable[[bytes], bytes]


def _mime(raw: bytes, fields: str, encode: Callable[[bytes], bytes] = lambda text: text) -> bytes:
    """Return a format-patch message with other MIME headers and an encoded body."""
    head, _, body = raw.partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if not line.startswith((b"MIME-", b"Content-"))]
    return b"\n".join([*kept, *fields.encode().split(b"\n")]) + b"\n\n" + encode(body)


def _multipart(raw: bytes, disposition: str, kind: str = "text/x-patch") -> bytes:
    """Return the message of a mail program: text first, then the patch in another part."""
    head, _, body = raw.partition(b"\n\n")
    text, separator, diff = body.partition(b"---\n")
    kept = [line for line in head.split(b"\n") if not line.startswith((b"MIME-", b"Content-"))]
    fields = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_b"'
    part = f"Content-Type: {kind}\nContent-Disposition: {disposition}".encode()
    return (
        b"\n".join([*kept, fields])
        + b"\n\n--=_b\nContent-Type: text/plain; charset=UTF-8\n\n"
        + text
        + b"\n--=_b\n"
        + part
        + b"\n\n"
        + separator
        + diff
        + b"\n--=_b--\n"
    )


def _delivered(raw: bytes) -> bytes:
    """Return the message as an archive has it, with headers of servers and the list."""
    first, _, rest = raw.partition(b"\n")
    head = (
        b"Return-Path: <linux@vger.example.org>\nReceived: from mx (mx [192.0.2.1])\n"
        b"\tby lists; Tue, 6 Jan 2026 10:00:00 +0000\nX-Mailing-List: widgets@lists.example.org\n"
        b"List-Id: <widgets.lists.example.org>\nDKIM-Signature: v=1; a=rsa-sha256; b=abc\n"
    )
    return b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + head + rest if first else raw


def _with_reply(raw: bytes) -> bytes:
    """Return a thread: the patch, and a reply that quotes another diff without quote marks."""
    reply = (
        b"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: Rev <rev@example.org>\n"
        b"Subject: Re: [PATCH] widget: change line 1\nDate: Tue, 6 Jan 2026 11:00:00 +0000\n"
        b"Message-ID: <reply@example.org>\nIn-Reply-To: <patch@example.org>\n"
        b"References: <patch@example.org>\n\nPerhaps like this:\n\n"
        b"diff --git a/widget.c b/widget.c\n--- a/widget.c\n+++ b/widget.c\n@@ -1,2 +1,3 @@\n"
        b" int line0;\n+int other;\n int line1;\n"
    )
    return _named(raw).rstrip(b"\n") + b"\n\n" + reply


def _named(raw: bytes) -> bytes:
    return raw.replace(b"\nSubject:", b"\nMessage-ID: <patch@example.org>\nSubject:", 1)


def _quoted(text: bytes) -> bytes:
    return quopri.encodestring(text)


FORMS: dict[str, Form] = {
    "git format-patch": lambda raw: raw,
    "no From line": lambda raw: raw.partition(b"\n")[2],
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "CRLF without From line": lambda raw: raw.partition(b"\n")[2].replace(b"\n", b"\r\n"),
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "byte order mark and CRLF": lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"),
    "8bit": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit",
    ),
    "quoted-printable": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: quoted-printable",
        _quoted,
    ),
    "quoted-printable with CRLF": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: quoted-printable",
        _quoted,
    ).replace(b"\n", b"\r\n"),
    "base64": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: base64",
        base64.encodebytes,
    ),
    "base64 with CRLF": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: base64",
        base64.encodebytes,
    ).replace(b"\n", b"\r\n"),
    "base64 of CRLF": lambda raw: _mime(
        raw,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: base64",
        lambda body: base64.encodebytes(body.replace(b"\n", b"\r\n")),
    ),
    "git format-patch --attach": lambda raw: _multipart(raw, "attachment; filename=a.patch"),
    "git format-patch --inline": lambda raw: _multipart(raw, "inline; filename=a.patch"),
    "attachment as octets": lambda raw: _multipart(
        raw, "attachment; filename=a.patch", "application/octet-stream"
    ),
    "archive": _delivered,
    "archive with CRLF": lambda raw: _delivered(raw).replace(b"\n", b"\r\n"),
    "gzipped mbox": gzip.compress,
    "thread": _with_reply,
    "gzipped thread": lambda raw: gzip.compress(_with_reply(raw)),
    "b4 am": lambda raw: raw.replace(
        raw.partition(b"\n")[0], b"From git@z Thu Jan  1 00:00:00 1970", 1
    ),
    "leading blank lines": lambda raw: b"\n\n" + raw,
    "mutt": lambda raw: raw.replace(b"\nSubject:", b"\nStatus: RO\nLines: 30\nSubject:", 1),
    "GitHub": lambda raw: raw.rsplit(b"-- \n", 1)[0],
    "in-body author": lambda raw: raw.replace(b"From: Ada", b"From: Bot", 1).replace(
        b"\n\n", b"\n\nFrom: Ada Fixer <ada@example.org>\n\n", 1
    ),
    "reply prefix": lambda raw: raw.replace(b"Subject: [PATCH]", b"Subject: Re: [PATCH]", 1),
    "list tag": lambda raw: raw.replace(b"Subject: [PATCH]", b"Subject: [widgets] [PATCH]", 1),
    "RFC v3 for a tree": lambda raw: raw.replace(b"[PATCH]", b"[RFC PATCH net-next v3]", 1),
    "no signature": lambda raw: raw.rsplit(b"-- \n", 1)[0],
    "list footer": lambda raw: raw + b"_______________\nwidgets mailing list\n",
}
NAMED = {
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without mark": (lambda raw: raw.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-32": (lambda raw: raw.decode().encode("utf-32"), "UTF-32"),
    "lone CR": (lambda raw: raw.replace(b"\n", b"\r"), "lone CR"),
    "base64 of all (Gerrit)": (base64.encodebytes, "base64"),
    "zip (Gerrit)": (lambda raw: b"PK\x03\x04" + raw, "zip"),
    "xz": (lambda raw: b"\xfd7zXZ\0" + raw, "xz"),
    "merge": (
        lambda raw: raw.replace(b"diff --git a/widget.c b/widget.c", b"diff --cc widget.c").replace(
            b"\n@@ -", b"\n@@@ -1,5 -"
        ),
        "diff --cc",
    ),
    "no prefix": (
        lambda raw: raw.replace(b" a/widget", b" widget").replace(b" b/widget", b" widget"),
        "a/ and b/",
    ),
    "git show": (lambda raw: b"commit " + b"1" * 40 + b"\n" + raw, "git show"),
    "empty": (lambda _: b"", "empty"),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, bytes]:
    """Return a repository with a topic, and the topic's commit as a patch."""
    repo = topic(tmp_path_factory.mktemp("forms") / "r", 0)
    repo.checkout("master")
    repo.commit("MAINTAINERS: add widget", {"MAINTAINERS": MAINTAINERS})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.checkout("topic")
    repo.git("rebase -q master")
    text = (repo.path / "widget.c").read_text().replace("line1;", "größer1;")
    repo.commit(
        "widget: change line 1\n\nLine 1 was wrong.\n\n"
        "Signed-off-by: Ada Fixer <ada@example.org>\n",
        {"widget.c": text},
        author="Ada Fixer <ada@example.org>",
    )
    patch = subprocess.run(
        ["git", "format-patch", "--stdout", "-1"], cwd=repo.path, capture_output=True, check=True
    ).stdout
    return repo, patch


def _apply(repo: Repo, files: list[Path], folder: Path) -> str:
    """Return the author, message and tree of the commit that `git am` makes, or "" if it fails."""
    subprocess.run(["git", "worktree", "prune"], cwd=repo.path, check=True)
    subprocess.run(
        ["git", "worktree", "add", "-q", "--detach", folder, "master"], cwd=repo.path, check=True
    )
    applied = subprocess.run(["git", "am", "-q", *files], cwd=folder, capture_output=True)
    if applied.returncode:
        return ""
    return subprocess.run(
        ["git", "log", "-1", "--format=%an %ae %T %B"], cwd=folder, capture_output=True, check=True
    ).stdout.decode()


def _check_form(shared: tuple[Repo, bytes], name: str, folder: Path) -> None:
    repo, patch = shared
    file = folder / ("a.mbox.gz" if name.startswith("gzip") else "a.patch")
    file.write_bytes(FORMS[name](patch))
    wanted = repo.git("log -1 --format=%an\\ %ae\\ %T\\ %B topic")
    checked = repo.patchpilot("check --format json", file)
    (read,) = checked.json["patches"]
    assert read["subject"] == "widget: change line 1"
    recipients = repo.patchpilot("maintainers", file)
    assert "mia@example.org" in recipients.out, recipients.err
    options = ("--offline", "--security", "no", "--regression", "no", "--outbox", folder / "out")
    sent = repo.patchpilot("send", file, *options)
    (mail,) = (folder / "out").iterdir()
    assert _apply(repo, [mail], folder / "am").strip() == wanted.strip(), sent.out
    if not name.startswith(("byte", "gzip", "base64 of", "thread")):
        # git am makes the same commit from the file itself
        assert _apply(repo, [file], folder / "own").strip().split() == wanted.split()


def test_a_form_is_read_like_git_am(shared: tuple[Repo, bytes], tmp_path: Path) -> None:
    name = random.Random(str(tmp_path)).choice(sorted(FORMS))
    _check_form(shared, name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_read_like_git_am(
    shared: tuple[Repo, bytes], name: str, tmp_path: Path
) -> None:
    _check_form(shared, name, tmp_path)


def _check_named(shared: tuple[Repo, bytes], name: str, folder: Path) -> None:
    repo, patch = shared
    write, word = NAMED[name]
    file = folder / "a.patch"
    file.write_bytes(write(patch))
    for command in (("maintainers",), ("send", "--dry-run")):
        outcome = call(command[0], "-C", repo.path, *command[1:], file)
        assert outcome.code == 2, outcome.out
        assert word in outcome.err
    checked = repo.patchpilot("check", file)
    assert checked.code in (1, 2)
    assert word in checked.out + checked.err


def test_a_form_that_git_cannot_read_is_named(shared: tuple[Repo, bytes], tmp_path: Path) -> None:
    _check_named(shared, random.Random(str(tmp_path)).choice(sorted(NAMED)), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMED)
def test_forms_that_git_cannot_read_are_named(
    shared: tuple[Repo, bytes], name: str, tmp_path: Path
) -> None:
    _check_named(shared, name, tmp_path)
