# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patchpilot parses messages like `git am`.

Parts, encodings, charsets, headers, subjects and diffs are combined. The results are compared with
`git mailinfo` and `git apply`.
"""

import base64
import itertools
import quopri
import subprocess
from pathlib import Path

import pytest

from patchpilot.errors import InputError
from patchpilot.model.mail import find_mail_bounds, parse_mail, parse_patch, split_mbox
from patchpilot.model.patch import Patch
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mail_kinds import MailKind
from tests.kit.patches import DIFF
from tests.kit.repos import Repo
from tests.kit.story import SHA

OTHER = DIFF.replace("foo", "bar")
PLAIN = DIFF[DIFF.index("---") :]
ENCODINGS = ("8bit", "quoted-printable", "base64")
CHARSETS = ("utf-8", "iso-8859-1")
SUBJECTS = (
    "[PATCH] foo: grün",
    "[PATCH1/8] foo: a",
    "[PATCH100/123] foo: a",
    "[v2PATCH 1/2] foo: a",
    "Re: [PATCH] Re: foo: a",
    "=?utf-8?q?=5BPATCH=5D_foo=3A_gr=C3=BCn?=\n =?iso-8859-1?b?/Pw=?=",
    "[PATCH] foo:\n  folded",
)
AUTHORS = (
    "Ada Fixer <ada@example.org>",
    "ada@example.org (Ada Fixer)",
    '"Matt <matt@example.com>" <ada@example.org>',
    "Matt <matt@example.com> <ada@example.org>",
    "=?utf-8?q?Eve_=3Ceve=40example=2Eorg=3E?= <ada@example.org>",
    "ada@example.org",
    "Ada <ada>",
)
IN_BODY = (
    "",
    "From: Eve <eve@example.org>\nSubject: [PATCH] real:\n title\nDate: now\n\n",
    f">From {SHA} Mon Sep 17 00:00:00 2001\nFrom: Eve <eve@example.org>\n\n",
    "From: Eve <eve@example.org>\n",
    "From: =?utf-8?q?=C3=88ve?= <eve@example.org>\n\n\n",
    "[PATCH] real: title\n",
    "\n\nfrom: eve@example.org\nfrom: mallory@example.org\n\n",
    "From the start it was wrong.\n\n",
    f">From {SHA} Mon Sep 17 00:00:00 2002\n",
)
DIFFS = {
    "git": DIFF,
    "two": DIFF + OTHER,
    "no-prefix": DIFF.replace("a/drivers", "drivers").replace("b/drivers", "drivers"),
    "no-folder": PLAIN.replace("a/drivers/demo/", "").replace("b/drivers/demo/", ""),
    "after-signature": f"{DIFF}-- \n2.45.2\n\n{OTHER}",
    "plain-first": PLAIN + OTHER,
    "plain-last": DIFF + PLAIN.replace("foo", "bar"),
    "index": f"Index: drivers/demo/foo.c\n{PLAIN}",
}
PARTS = (
    "none",
    "text",
    "patch",
    "octet-stream",
    "html",
    "nested",
    "nested at once",
    "boundary",
)
DIMENSIONS = (PARTS, ENCODINGS, CHARSETS, SUBJECTS, AUTHORS, IN_BODY, tuple(DIFFS))
FIRST = tuple(values[0] for values in DIMENSIONS)
EACH = [
    (*FIRST[:at], value, *FIRST[at + 1 :])
    for at, values in enumerate(DIMENSIONS)
    for value in values
]


def make_part(content_type: str, encoding: str, charset: str, content: str) -> bytes:
    data = content.encode(charset)
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    head = (
        f"Content-Type: {content_type}; charset={charset}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n"
    )
    return head.encode() + data


def make_message(
    parts: str,
    encoding: str,
    charset: str,
    subject: str,
    author: str,
    in_body: str,
    diff: str,
) -> bytes:
    message_text = f"{in_body}Grüner Tee.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
    change = f"---\n foo.c | 2 +-\n\n{DIFFS[diff]}"
    mail_header = (
        f"From: {author}\nDate: Tue, 9 Jun 2026 10:13:20 +0000\nSubject: {subject}\n"
        "MIME-Version: 1.0\n"
    ).encode()
    if parts == "none":
        return mail_header + make_part("text/plain", encoding, charset, message_text + change)
    kinds = {"patch": "text/x-patch", "octet-stream": "application/octet-stream"}
    first_part = make_part("text/plain", encoding, charset, message_text)
    second_part = make_part(kinds.get(parts, "text/plain"), encoding, charset, change)
    boundary = b"two words" if parts == "boundary" else b"b"
    if parts == "html":
        first_part = make_part("text/html", "7bit", "utf-8", "<p>no</p>\n") + b"--b\n" + first_part
    if parts.startswith("nested"):
        nested_separator = b"\n" if parts == "nested" else b""
        head = b'Content-Type: multipart/alternative; boundary="c"\n\n'
        first_part = head + nested_separator + b"--c\n" + first_part + b"\n--c--\n"
    mail_header += b'Content-Type: multipart/mixed; boundary="%b"\n\npreamble\n' % boundary
    return mail_header + b"--%b\n%b\n--%b\n%b\n--%b--\nend\n" % (
        *(boundary, first_part),
        *(boundary, second_part, boundary),
    )


def normalize_line_ends(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def count_lines_with_git(diff: str, folder: Path) -> list[str]:
    """Return the number of lines that git apply would add and remove in each file."""
    arguments = ["git", "apply", "--numstat", "-"]
    data = diff.encode("utf-8", "surrogateescape")
    result = subprocess.run(arguments, input=data, capture_output=True, check=False, cwd=folder)
    return result.stdout.decode().splitlines()


def parse_mail_with_git(raw_mail: bytes, folder: Path) -> dict[str, object]:
    arguments = ["git", "-c", "mailinfo.scissors=false", "mailinfo", "m", "p"]
    result = subprocess.run(arguments, input=raw_mail, capture_output=True, check=True, cwd=folder)
    mailinfo_fields = dict(
        line.split(": ", 1) for line in result.stdout.decode().splitlines() if line
    )
    message_text, diff = (
        (folder / name).read_bytes().decode("utf-8", "surrogateescape") for name in "mp"
    )
    return {
        "author": (mailinfo_fields.get("Author"), mailinfo_fields.get("Email")),
        "date": (mailinfo_fields.get("Date") or "").strip(),
        "subject": mailinfo_fields.get("Subject"),
        "message": normalize_line_ends(message_text),
        "files": count_lines_with_git(diff, folder),
    }


def collect_patch_facts(patch: Patch) -> dict[str, object]:
    author = patch.author
    return {
        "author": (author.name, author.email) if author else (None, None),
        "date": patch.date,
        "subject": " ".join(patch.subject.title.split()),
        "message": normalize_line_ends("\n".join(patch.message)),
        "files": [
            f"{file.added}\t{file.removed}\t{file.new_path or file.old_path}"
            for file in patch.files
        ],
    }


def assert_same_facts(mail_case: tuple[str, ...], folder: Path) -> None:
    raw_mail = make_message(*mail_case)
    assert collect_patch_facts(parse_patch(raw_mail, "x")) == parse_mail_with_git(
        raw_mail, folder
    ), mail_case


@pytest.mark.parametrize("case", EACH, ids=range(len(EACH)))
def test_parsed_patch_equals_git_ams(case: tuple[str, ...], tmp_path: Path) -> None:
    assert_same_facts(case, tmp_path)


@pytest.mark.long
def test_name_address_pairs_are_parsed_like_git(tmp_path: Path) -> None:
    for combination, other in itertools.combinations(range(len(DIMENSIONS)), 2):
        for pair in itertools.product(DIMENSIONS[combination], DIMENSIONS[other]):
            case = list(FIRST)
            case[combination], case[other] = pair
            assert_same_facts(tuple(case), tmp_path)


FROM = b"From ada@example.org Mon Sep 17 00:00:00 2001\n"


@pytest.mark.parametrize("lead", [b"", b"\n", b" \n\n"])
@pytest.mark.parametrize("gap", [b"", b"\n", b"> ", b"\n>"])
@pytest.mark.parametrize(
    "line", [FROM, FROM.replace(b"00:00:00", b"0:00:00"), b"From here 12:30 2001\n"]
)
def test_mbox_is_split_like_git(lead: bytes, gap: bytes, line: bytes, tmp_path: Path) -> None:
    data = lead + FROM + b"Subject: a\n\ntext\n" + gap + line + b"Subject: b\n\ntext\n"
    arguments = ["git", "mailsplit", "-o."]
    result = subprocess.run(arguments, input=data, capture_output=True, cwd=tmp_path, check=True)
    assert len(find_mail_bounds(data)) == int(result.stdout)
    blocks = [data[index : index + 7] for index in range(0, len(data), 7)]
    assert len(list(split_mbox(blocks))) == int(result.stdout)


def test_invalid_message_is_rejected() -> None:
    with pytest.raises(InputError, match="neither a mail nor a diff"):
        parse_patch(b"--- Makefile\nand so on\n", "x")
    assert parse_patch(b"--- Makefile\n+++ Makefile\n@@ -1 +1 @@\n-a\n+b\n", "x").paths


@pytest.mark.parametrize("name", ["a.c", "data", "a.png"])
@pytest.mark.parametrize("content", [b"int a;\n", b"\0a\n"])
def test_text_in_a_binary_patch_is_reported(tmp_path: Path, name: str, content: bytes) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("x: start\n", {".gitattributes": "* binary\n"})
    (repo.path / name).write_bytes(content)
    repo.commit("x: add\n")
    text = repo.git("format-patch --stdout -1")
    assert "GIT binary patch" in text
    result = repo.patchpilot("check --select text-as-binary -", stdin=text.encode())
    # of other files, only a note says that their contents were not checked
    assert result.code == (name == "a.c")
    assert ("[text-as-binary]" in result.out) is (name == "a.c")


def test_reply_without_re_is_a_reply() -> None:
    text = "> +\treturn rc;\n\nReviewed-by: Rita Reviewer <rita@example.net>\n"
    raw_mail = (
        "From: Rita Reviewer <rita@example.net>\nSubject: [PATCH 1/2] foo: a\n"
        f"In-Reply-To: <1@example.org>\n\n{text}"
    )
    classified = classify(parse_mail(raw_mail.encode()))
    assert classified.kind is MailKind.TRAILERS
    second = raw_mail.replace("In-Reply-To", "X")
    assert classify(parse_mail(second.encode())).kind is MailKind.PATCH


@pytest.mark.parametrize("kind", ["", "; format=flowed", "; format=flowed; delsp=yes"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("is_part", [False, True])
@pytest.mark.parametrize(
    "above",
    [
        "> ",
        ">  ",
        "> > ",
        ">",
        "> +\treturn rc; ",
        "> \n> Signed-off-by: Ada Fixer <ada@example.org> ",
        "> text\n\nThanks, this looks good. ",
        "> text\n\nThanks. \n ",
        "> text\n\nAcked-by: Rita Reviewer <rita@example.net> ",
    ],
)
def test_tag_is_not_joined_with_the_line_above(
    kind: str, encoding: str, is_part: bool, above: str
) -> None:
    text = f"> text\n{above}\nTested-by: Rita Reviewer <rita@example.net> \n\nRita\n"
    body = make_part(f"text/plain{kind}", encoding, "utf-8", text)
    if is_part:
        body = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n%b\n--b--\n' % body
    classified = classify(
        parse_mail(
            b"From: Rita Reviewer <rita@example.net>\nSubject: Re: [PATCH] foo: a\n"
            b"In-Reply-To: <1@example.org>\n" + body
        )
    )
    assert classified.kind is MailKind.TRAILERS
    trailer = classified.trailers[-1]
    assert (trailer.name, trailer.credited) == ("Tested-by", True)
