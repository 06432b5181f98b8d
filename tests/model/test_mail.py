# SPDX-License-Identifier: GPL-2.0-or-later
"""Mails and mboxes: cut, decoded and read as patches, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.errors import InputError
from patchpilot.model.mail import join_mbox, parse_mail, parse_patch, scissors_line, split_mbox
from patchpilot.model.patch import parse_subject
from tests.kit import patches


def read(text: str, name: str = "x.patch"):
    return parse_patch(text.encode("utf-8", "surrogateescape"), name)


def test_a_patch_is_taken_apart() -> None:
    patch = read(patches.mail("[PATCH net v2 1/3] foo: hand up the error", notes="Changes in v2:\n- more\n---\n"))
    assert (patch.subject.title, patch.subject.version, patch.subject.number, patch.subject.total) == ("foo: hand up the error", 2, 1, 3)
    assert patch.subject.words == ("net",)
    assert patch.message[0].startswith("The caller")
    assert [one.name for one in patch.trailers] == ["Fixes", "Signed-off-by"]
    assert patch.lines[patch.trailer_line(patch.trailers[0]) - 1].startswith("Fixes:")
    assert patch.notes[0] == "Changes in v2:"
    assert patch.paths == ("drivers/demo/foo.c",)


def test_every_diff_line_knows_its_place_in_the_mail() -> None:
    patch = read(patches.mail())
    for kind in "+-":
        for line in patch.files[0].lines(kind):
            assert patch.lines[line.patch_line - 1] == kind + line.text


def test_an_in_body_from_is_the_author() -> None:
    patch = read(patches.mail(body="From: Bob <bob@example.com>\n\n" + patches.BODY))
    assert patch.author is not None
    assert patch.author.email == "bob@example.com"
    assert patch.message[0].startswith("The caller")


def test_a_broken_hunk_loses_neither_the_file_nor_the_others() -> None:
    broken = patches.DIFF.replace("@@ -1,5 +1,6 @@", "@@ -1,50 +1,60 @@")
    patch = read(patches.mail(diff=broken + patches.DIFF.replace("foo.c", "bar.c")))
    assert patch.paths == ("drivers/demo/foo.c", "drivers/demo/bar.c")
    assert patch.diff_error
    assert "foo.c" in patch.diff_error


def test_a_base64_patch_is_decoded_and_marked() -> None:
    import base64

    head, _, rest = patches.mail(headers={"Content-Transfer-Encoding": "base64"}).partition("\n\n")
    patch = read(head + "\n\n" + base64.encodebytes(rest.encode()).decode())
    assert patch.damage == ("base64",)
    assert patch.paths == ("drivers/demo/foo.c",)


@pytest.mark.parametrize("data", [b"", b"hello\nworld\n", b"\0\1\2"])
def test_what_is_no_patch_is_told_by_name(data: bytes) -> None:
    with pytest.raises(InputError, match=r"junk\.patch"):
        parse_patch(data, "junk.patch")


def test_an_mbox_is_cut_only_at_its_from_lines() -> None:
    text = patches.mail(body="From here on it is prose.\n\nFrom Monday it hangs.\n\n" + patches.BODY)
    assert len(split_mbox((text + "\n" + text).encode())) == 2


def test_mboxrd_quoting_is_undone() -> None:
    data = b"From mboxrd@z Thu Jan  1 00:00:00 1970\nSubject: x\n\n>From a\n>>From b\n"
    assert parse_mail(split_mbox(data)[0]).body == "From a\n>From b\n"


_FROM_LINE = "From mboxrd@z Thu Jan  1 00:00:00 1970"


@given(st.lists(st.lists(st.sampled_from(["", "text", "From a", ">From b", ">>From c", _FROM_LINE]), max_size=6), min_size=1, max_size=4))
def test_mails_joined_to_an_mbox_come_out_as_they_were(bodies: list[list[str]]) -> None:
    mails = ["\n".join((f"Subject: {number}", "", *body, "end\n")).encode() for number, body in enumerate(bodies)]
    cut = split_mbox(join_mbox(mails))
    assert [one.split(b"\n", 1)[1].rstrip(b"\n") + b"\n" for one in cut] == mails


@given(st.binary(max_size=400))
def test_no_bytes_break_the_mail_reader(data: bytes) -> None:
    for raw in split_mbox(data):
        parse_mail(raw)
    try:
        patch = parse_patch(data, "fuzz")
        assert isinstance(patch.files, tuple)
    except InputError:
        pass


@given(
    st.lists(
        st.sampled_from(
            ["+a", "-b", " c", "\\ No newline at end of file", "@@ -1,2 +1,2 @@", "--- a/x", "+++ b/x", "diff --git a/x b/x", "-- ", ""]
        ),
        max_size=25,
    )
)
def test_no_sequence_of_diff_lines_breaks_the_parser(lines: list[str]) -> None:
    patch = read("Subject: [PATCH] x: y\n\nbody\n---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n" + "\n".join(lines))
    for change in patch.files:
        for line in change.lines("+"):
            assert patch.lines[line.patch_line - 1] == "+" + line.text


@pytest.mark.parametrize(
    ("raw", "title", "version"),
    [
        ("Re: [PATCH v3 0/2] net: x", "net: x", 3),
        ("[RFC PATCH v10] x", "x", 10),
        ("[PATCHv2 net-next] x: [y] z", "x: [y] z", 2),
        ("[f2fs-dev] [PATCH v2] x", "x", 2),
        ("plain", "plain", 1),
    ],
)
def test_subjects_are_taken_apart(raw: str, title: str, version: int) -> None:
    subject = parse_subject(raw)
    assert (subject.title, subject.version) == (title, version)


@pytest.mark.parametrize(("line", "cut"), [("-- >8 --", True), ("--- 8< ---", True), ("a >8 b", False), ("---", False)])
def test_scissors_are_known(line: str, cut: bool) -> None:
    assert scissors_line(line) is cut


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "rot13", "no-such", '"a\0b"', "x" * 5000])
def test_a_charset_that_cannot_be_is_read_as_utf8(charset: str) -> None:
    raw = f"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n".encode() + "grün\n".encode() + b"\xff\n"
    assert parse_mail(raw).body.startswith("gr")


@pytest.mark.parametrize("word", ["boundary=", "BOUNDARY=", "Boundary =", "boundary\t=", "boundary*=", "boundary*0=", "boundary*0*="])
def test_parts_within_parts_without_end_are_no_recursion(word: str) -> None:
    nest = "".join(f'Content-Type: multipart/mixed; {word}"b{at}"\n\n--b{at}\n' for at in range(2000))
    found = parse_mail(f"From: a@example.org\nSubject: deep\nMIME-Version: 1.0\n{nest}Content-Type: text/plain\n\ntext\n".encode())
    assert found.subject == "deep"


@pytest.mark.parametrize("kind", ["message/rfc822", "Message/RFC822", "\n message/rfc822", "message/x-other"])
def test_mails_within_mails_without_end_are_no_recursion(kind: str) -> None:
    nest = f"Content-Type: {kind}\n\n" * 3000
    raw = f'From: a@example.org\nSubject: deep\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n{nest}text\n--b--\n'.encode()
    assert parse_mail(raw).subject == "deep"
    assert parse_patch(b"Subject: [PATCH] deep\n" + raw, "deep.eml").subject.title == "deep"


def test_some_parts_within_parts_are_read() -> None:
    nest = "".join(f'Content-Type: multipart/mixed; boundary="b{at}"\n\n--b{at}\n' for at in range(20))
    assert parse_mail(f"From: a@example.org\nSubject: deep\n{nest}Content-Type: text/plain\n\ntext\n".encode()).body == "text"
