# SPDX-License-Identifier: GPL-2.0-or-later
"""Test splitting mboxes, and decoding and parsing any message as a patch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.errors import InputError, NoPatchError
from patchpilot.model import mail as mail_reading
from patchpilot.model import mail as mailinfo
from patchpilot.model.address import Address
from patchpilot.model.mail import (
    extract_mail,
    find_mail_bounds,
    is_mboxrd,
    is_scissors_line,
    join_mbox,
    list_mail_parts,
    parse_header_lines,
    parse_mail,
    parse_patch,
    refuse_oversize,
    split_digest,
)
from patchpilot.model.mail import split_mbox as split_blocks
from patchpilot.model.patch import Header, Series, parse_subject
from tests.kit import patches


def split_mbox(data: bytes) -> list[bytes]:
    return [extract_mail(data, start, end) for start, end in find_mail_bounds(data)]


def parse_text(mail_text: str, name: str = "x.patch"):
    return parse_patch(mail_text.encode("utf-8", "surrogateescape"), name)


def test_cover_letter_may_contain_a_diff() -> None:
    assert parse_text(patches.build_patch_text("[PATCH v2 0/2] foo: hand up errors")).has_diff


MBOX_LINE = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "",
                    "text",
                    "From a",
                    ">From b",
                    ">>From c",
                    MBOX_LINE.decode().strip(),
                ]
            ),
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_mbox_round_trip_is_exact(
    bodies: list[list[str]],
) -> None:
    mails = [
        "\n".join((f"Subject: {number}", "", *body, "end\n")).encode()
        for number, body in enumerate(bodies)
    ]
    cut = split_mbox(join_mbox(mails))
    assert [message.split(b"\n", 1)[1].rstrip(b"\n") + b"\n" for message in cut] == mails


@given(st.binary(max_size=400))
def test_reader_survives_any_bytes(data: bytes) -> None:
    for raw in split_mbox(data):
        parse_mail(raw)
    try:
        patch = parse_patch(data, "fuzz")
        assert isinstance(patch.files, tuple)
    except InputError:
        pass


@pytest.mark.parametrize("name", ["Subject", "From", "To", "Date", "Content-Type"])
def test_damaged_encoded_word_is_not_a_bug(name: str) -> None:
    for word in ("utf-8?b?/////", "utf-8?b?=", "\0?q?a", "idna?q?a", "utf-7?q?+2AA-"):
        raw_mail = f"{name}: =?{word}?=\n\n=?{word}?=\n---\n{patches.DIFF}".encode()
        assert parse_mail(raw_mail).raw == raw_mail
        assert parse_patch(raw_mail, "x").paths


@given(
    st.lists(
        st.sampled_from(
            [
                "+a",
                "-b",
                " c",
                "\\ No newline at end of file",
                "@@ -1,2 +1,2 @@",
                "--- a/x",
                "+++ b/x",
                "diff --git a/x b/x",
                "-- ",
                "",
            ]
        ),
        max_size=25,
    )
)
def test_parser_survives_any_diff_lines(lines: list[str]) -> None:
    patch = parse_text(
        "Subject: [PATCH] x: y\n\nbody\n---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n"
        + "\n".join(lines)
    )
    for change in patch.files:
        for kind in "+-":
            for line in change.lines(kind):
                assert patch.lines[line.patch_line - 1] == kind + line.text


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("-- >8 --", True),
        ("--- 8< ---", True),
        ("a >8 b", False),
        ("---", False),
        ("-" * 100 + ">8" + "-" * 98, True),
        ("-" * 101 + ">8" + "-" * 98, False),
    ],
)
def test_scissors_line_is_recognized(line: str, cut: bool) -> None:
    assert is_scissors_line(line) is cut


@pytest.mark.parametrize(
    "charset",
    ["idna", "undefined", "punycode", "rot13", "no-such", '"a\0b"', "x" * 5000],
)
def test_invalid_charset_is_read_as_utf8(charset: str) -> None:
    raw = (
        f"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
        + "grün\n".encode()
        + b"\xff\n"
    )
    assert parse_mail(raw).body.startswith("gr")


def test_headers_are_unfolded_and_decoded() -> None:
    lines = [
        "From me",
        "Subject: a",
        " b\t",
        "\tc",
        "X-Empty:",
        "To: =?utf-8?q?F=2C_Ada?= <ada@example.org>,",
        " b@example.com",
        "",
        "body: x",
    ]
    headers, body = parse_header_lines(lines)
    assert headers == (
        Header("Subject", "a b c", 2),
        Header("X-Empty", "", 5),
        Header("To", '"F, Ada" <ada@example.org>, b@example.com', 6),
    )
    assert body == 8
    assert parse_header_lines(["Subject: a\r", "\r", "body"]) == (
        (Header("Subject", "a", 1),),
        2,
    )
    assert parse_header_lines(["Subject: a", "no header", "b: c"]) == (
        (Header("Subject", "a", 1),),
        1,
    )
    assert parse_header_lines([" folded onto nothing"]) == ((), 0)
    assert parse_header_lines([">From me", "A: b"]) == ((Header("A", "b", 2),), 2)
    assert parse_header_lines([]) == ((), 0)


def test_message_exposes_its_headers() -> None:
    raw = (
        b"From mboxrd@z Thu Jan  1 00:00:00 1970\nMessage-ID:  <a@example.org> (x)\nFrom:"
        b" =?utf-8?q?Ad=C3=A4?= <ada@example.org>\nSubject: one\n two\nDate: Tue, 9 Jun 2026"
        b" 10:13:20 +0200\nTo: b@example.com, C <c@example.net>\nCc: d@example.org\nIn-Reply-To:"
        b" <p@example.org>\nReferences: <r@example.org>\n <p@example.org>\n\nbody\n"
    )
    mail = parse_mail(raw)
    assert (mail.message_id, mail.in_reply_to, mail.references) == (
        "a@example.org",
        "p@example.org",
        ("r@example.org", "p@example.org"),
    )
    assert (mail.sender, mail.subject) == (
        Address("Ad\xe4", "ada@example.org"),
        "one two",
    )
    assert mail.date is not None
    assert mail.date.isoformat() == "2026-06-09T10:13:20+02:00"
    assert [address.email for address in (*mail.to, *mail.cc)] == [
        "b@example.com",
        "c@example.net",
        "d@example.org",
    ]
    assert (mail.body, mail.raw) == ("body\n", raw)
    assert (mail.header("SUBJECT"), mail.header("X-None")) == ("one two", None)


def test_missing_message_parts_are_empty() -> None:
    mail = parse_mail(b"Message-ID: bare@example.org\nFrom: nobody at all\n\n")
    assert mail.message_id == "bare@example.org"
    assert mail.sender == Address("nobody at all", "")
    undated = parse_mail(b"Date: Tue, 9 Jun 2026 10:13:20 -0000\n\n").date
    assert undated is not None
    assert undated.isoformat() == "2026-06-09T10:13:20+00:00"
    assert parse_mail(b"From x").raw == b"From x"


MULTIPART = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        (
            [
                "Content-Type: text/html\n\n<p>no</p>",
                "Content-Type: text/plain\n\nplain",
                "Content-Type: text/plain\n\nlater",
            ],
            "plain",
        ),
        (
            ["Content-Type: image/png\n\nxx", "Content-Type: text/html\n\n<p>html</p>"],
            "html\n",
        ),
        (["Content-Type: image/png\n\nxx"], ""),
        (
            [
                "Content-Type: text/plain; charset=iso-8859-1\n"
                "Content-Transfer-Encoding: quoted-printable\n"
                "\ngr=FCn"
            ],
            "gr\xfcn",
        ),
        (["Content-Type: text/plain\n\none\r\ntwo"], "one\ntwo"),
        (
            ["Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\ngA=="],
            "\udc80",
        ),
        (
            ["Content-Type: text/plain; charset=euc-jp\nContent-Transfer-Encoding: base64\n\ngA=="],
            "\ufffd",
        ),
    ],
)
def test_first_text_part_is_the_message(parts: list[str], body: str) -> None:
    raw = (
        f"From: a@example.org\n{MULTIPART}"
        + "".join(f"--b\n{part}\n" for part in parts)
        + "--b--\n"
    )
    assert parse_mail(raw.encode()).body == body


def test_oversized_message_is_truncated_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patchpilot.model.mail.MAX_MAIL", 5000)
    line = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
    mails = [line + b"A: b\n\n", line + b"x" * 20_000 + b"\n\n", line + b"C: d\n"]
    data = b"".join(mails)
    messages = list(split_blocks(data[index : index + 1000] for index in range(0, len(data), 1000)))
    assert [start for start, _ in messages] == [
        0,
        len(mails[0]),
        len(mails[0] + mails[1]),
    ]
    assert [mail for _, mail in messages[::2]] == mails[::2]
    assert 5000 < len(messages[1][1]) <= 6000


def test_endless_line_takes_linear_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pattern = mail_reading._FROM_LINE
    searched = []

    class Counting:
        match = pattern.match

        def finditer(self, data: bytes, offset: int) -> object:
            searched.append(len(data) - offset)
            return pattern.finditer(data, offset)

    monkeypatch.setattr(mail_reading, "MAX_MAIL", 1 << 19)
    monkeypatch.setattr(mail_reading, "_FROM_LINE", Counting())
    blocks = [b"From a@b.c Mon Jan 1\n", *[b"\0" * 4096] * 400]
    ((_, first),) = split_blocks(blocks)
    assert len(first) > 1 << 19
    assert sum(searched) <= 2 * 4096 * 400


def test_only_mboxrd_is_unquoted() -> None:
    plain_mbox = b"From " + b"a" * 40 + b" Mon Sep 17 00:00:00 2001\nSubject: x\n\n>From a\n"
    assert split_mbox(plain_mbox) == [plain_mbox]
    assert not is_mboxrd(plain_mbox)


@pytest.mark.parametrize(
    ("mails", "joined"),
    [
        ([], b""),
        ([b"From x"], b"%s>From x\n\n"),
        ([b"Subject: MAX", b""], b"%sSubject: MAX\n\n%s\n\n"),
        (
            [
                b"Subject: a\r\n\r\nFrom x\r\n\r\n\r\n",
                b"From old Mon Jan  1 00:00:00 2001\nSubject: b\n\n>From y",
            ],
            b"%sSubject: a\n\n>From x\n\n%sSubject: b\n\n>>From y\n\n",
        ),
    ],
)
def test_messages_are_joined_in_mboxrd_format(mails: list[bytes], joined: bytes) -> None:
    assert join_mbox(mails) == joined.replace(b"%s", MBOX_LINE)


def test_git_show_output_hints_at_format_patch() -> None:
    with pytest.raises(InputError, match="git show") as error:
        parse_text(
            f"commit {'a' * 40} (HEAD -> topic)\nAuthor: Ada <ada@example.org>\n\n   "
            f" x\n\n{patches.DIFF}",
            "shown.txt",
        )
    assert error.value.message.startswith("shown.txt:1:")
    assert error.value.hint is not None
    assert f"git format-patch -1 {'a' * 12}" in error.value.hint
    with pytest.raises(InputError):
        parse_text(f"commit {'b' * 40}\r\nAuthor: x\n")


@pytest.mark.parametrize(
    "header",
    [
        "From: a@example.org",
        "Subject: x",
        "Date: x",
        "Message-ID: <a@b>",
        "MIME-Version: 1.0",
        "CC: a@b.example",
        "Sender: a@b.example",
    ],
)
def test_one_header_is_enough_for_a_message(header: str) -> None:
    assert parse_text(f"{header}\n\ntext\n").message == ("text",)


@pytest.mark.parametrize(
    "text", ["obj-y: a.o\n\ntext\n", "Note: x\n", "text\n--- is no diff\n", "diff\n"]
)
def test_other_text_is_not_a_message(text: str) -> None:
    with pytest.raises(NoPatchError, match=r"^Makefile:1: ") as error:
        parse_text(text, "Makefile")
    assert error.value.hint


def test_mbox_like_text_is_a_message() -> None:
    assert parse_text("From me\n\ntext\n").message == ("text",)


@pytest.mark.parametrize(
    "first",
    [
        "diff --git a/x b/x",
        "Index: x",
        "--- a/x",
        "diff -u a b",
        "--- /dev/null",
        "--- old/x",
    ],
)
def test_bare_diff_has_no_message(first: str) -> None:
    patch = parse_text(f"{first}\nmore\n")
    assert (patch.subject.title, patch.author, patch.message_line) == (
        "",
        None,
        1 + len(patch.headers),
    )
    whole = parse_text(patches.DIFF)
    assert (whole.message, whole.diff_line, whole.paths) == (
        (),
        1,
        ("drivers/demo/foo.c",),
    )


def test_patch_parts_have_lines() -> None:
    text = (
        "Subject: [PATCH] s\n"
        "From: Eve <eve@example.org>\n"
        "\n\n"
        "From: Ada <ada@example.org>\n"
        "subject: [PATCH v3] real\n"
        "Date: now\n"
        "\n\n"
        "why\n"
        "\n \n"
        "---\n"
        "note\n"
        "\n"
    )
    patch = parse_text(text + patches.DIFF)
    assert (patch.subject.title, patch.subject.version) == ("real", 3)
    assert (patch.author, patch.in_body_from, patch.sender) == (
        Address("Ada", "ada@example.org"),
        Address("Ada", "ada@example.org"),
        Address("Eve", "eve@example.org"),
    )
    assert (patch.message, patch.message_line, patch.lines[patch.message_line - 1]) == (
        ("why",),
        10,
        "why",
    )
    assert (patch.notes, patch.notes_line) == (("note", ""), 14)
    assert patch.lines[patch.diff_line - 1].startswith("diff --git ")
    assert (patch.subject.title, patch.message) == ("real", ("why",))


def test_in_body_header_is_not_message_text() -> None:
    patch = parse_text(
        "Subject: s\nFrom: Eve <eve@example.org>\n\nFrom: what I see\nit hangs\n\nmore\n"
    )
    assert patch.message == ("it hangs", "", "more")
    assert patch.author == Address("Eve", "eve@example.org")
    assert patch.in_body_from is None
    assert not patch.has_diff
    assert parse_text("Subject: s\n\nFrom: ada@example.org\n").message == ()


def test_message_ends_where_git_ends_it() -> None:
    patch = parse_text(
        "Subject: s\n\nwhy\n--- a remark\nmore\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert patch.message == ("why",)
    assert (patch.diff_line, patch.paths, patch.notes) == (6, ("x",), ("more",))


def test_missing_newline_and_empty_file_are_accepted() -> None:
    assert (
        parse_text("Subject: s\n\nwhy").lines
        == parse_text("Subject: s\n\nwhy\n").lines
        == ("Subject: s", "", "why")
    )
    assert parse_text("Subject: s\n\nwhy\n\n").lines[-1] == ""
    with pytest.raises(InputError, match=r"^e\.patch: the file is empty"):
        parse_text("", "e.patch")


def test_damage_by_mailers_is_reported() -> None:
    html = "Subject: s\nContent-Type: text/html\n\n<p>x</p>\n"
    assert parse_text(html).damage == ("html",)
    mixed = (
        f"Subject: s\n{MULTIPART}--b\nContent-Type: text/plain\n\nwhy\n---\n{patches.DIFF}--b--\n"
    )
    signature = "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
    signed = mixed.replace("--b--\n", signature)
    assert parse_text(mixed).damage == parse_text(signed).damage == ("split into parts",)
    attached = mixed.replace("plain", "plain\nContent-Disposition: attachment")
    assert parse_text(attached).damage == ("multipart",)
    assert parse_text(mixed).message == ("why",)
    quoted = parse_text(
        "From x\nSubject: s\nContent-Transfer-Encoding: Quoted-Printable\n\nwhy =3D\n"
    )
    assert (quoted.damage, quoted.message) == (("quoted-printable",), ("why =",))
    first = parse_text("Content-Transfer-Encoding: quoted-printable\nSubject: s\n\nwhy =3D\n")
    assert (first.damage, first.message) == (("quoted-printable",), ("why =",))
    assert parse_text("Subject: s\nContent-Transfer-Encoding: 8bit\n\nwhy =3D\n").damage == ()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("[PATCH] x", (1, None, None, False, False, True)),
        ("[PATCH 2/3] x", (1, 2, 3, False, False, True)),
        ("[PATCH v4 00/12] x", (4, 0, 12, False, False, True)),
        ("[PATCH 2/n] x", (1, 2, None, False, False, True)),
        ("[PATCHv3] x", (3, None, None, False, False, True)),
        ("[v3] x", (3, None, None, False, False, False)),
        ("[PATCH v2.1] x", (2, None, None, False, False, True)),
        ("[RFC v2] x", (2, None, None, True, False, False)),
        ("[RESEND PATCH] x", (1, None, None, False, True, True)),
        ("[PATCH REPOST,RFC] x", (1, None, None, True, True, True)),
        ("[net-next] x", (1, None, None, False, False, False)),
        ("Re: [PATCH v3 0/2] x", (3, 0, 2, False, False, True)),
        ("[RFC PATCH v10] x", (10, None, None, True, False, True)),
        ("Antwort: WG: [PATCH v3 1/2] x", (3, 1, 2, False, False, True)),
        ("\u7b54\u590d: [PATCH v2] x", (2, None, None, False, False, True)),
        ("\u56de\u590d\uff1a [dev] [PATCH v2] x", (2, None, None, False, False, True)),
        ("Odp: Re: [PATCH v2] x", (2, None, None, False, False, True)),
        ("[f2fs-dev] [PATCH v2] x", (2, None, None, False, False, True)),
        ("[RFC PATCH 07/14] x [ver #3]", (3, 7, 14, True, False, True)),
        ("[PATCH net 2/4] x ver #2", (2, 2, 4, False, False, True)),
        ("x", (1, None, None, False, False, False)),
    ],
)
def test_subject_marks_are_read(raw: str, expected: tuple[object, ...]) -> None:
    subject = parse_subject(raw)
    assert (
        subject.version,
        subject.number,
        subject.total,
        subject.is_rfc,
        subject.is_resend,
        subject.is_patch,
    ) == expected
    assert subject.title == "x"
    assert subject.raw == raw


@pytest.mark.parametrize("title", ["res: keep the bar", "enc: x", "\u00e4: x", "tr: set mtu"])
def test_subsystem_is_no_reply(title: str) -> None:
    assert parse_subject(title).title == parse_subject(f"[PATCH] {title}").title == title


def test_target_marks_are_kept_as_words() -> None:
    subject = parse_subject("Fwd: RE: [dev] [RFC PATCH RESEND net,v2 1/2]  x:  y ")
    assert subject.words == ("dev", "RFC", "RESEND", "net")
    assert subject.marks == ("dev", "RFC PATCH RESEND net,v2 1/2")
    assert subject.title == "x: y"
    assert parse_subject("[PATCHv2 net-next] x: [y] z").title == "x: [y] z"
    unmarked = parse_subject("x [ver #3]")
    assert (unmarked.title, unmarked.version) == ("x [ver #3]", 1)


def test_patch_exposes_its_headers() -> None:
    patch = parse_text(
        patches.build_patch_text(
            headers={
                "Message-ID": "< a@example.org >",
                "To": "a@b.example, c@d.example",
                "to": "e@f.example",
            }
        )
    )
    assert patch.message_id == "a@example.org"
    assert [address.email for address in patch.addresses("TO")] == [
        "a@b.example",
        "c@d.example",
        "e@f.example",
    ]
    bare = parse_text(patches.DIFF)
    assert (bare.message_id, bare.sender, bare.header("x"), bare.addresses("To")) == (
        None,
        None,
        None,
        (),
    )


def test_series_version_is_the_highest() -> None:
    first, two = (
        parse_text(patches.build_patch_text("[PATCH 1/2] a")),
        parse_text(patches.build_patch_text("[PATCH v3 2/2] b")),
    )
    assert [
        Series(()).version,
        Series((first,)).version,
        Series((first, two)).version,
        Series((first,), two).version,
    ] == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("mark", "version", "words"),
    [
        ("PATCHv2-next 0/3", 2, ("next",)),
        ("PATCH v4a 02/38", 4, ()),
        ("PATCH net-next-v3", 3, ("net-next",)),
        ("PATCH/v2", 2, ()),
        ("PATCH RFCv2 0/8", 2, ()),
        ("PATCH v5--cover-letter 1/3", 5, ("cover-letter",)),
        ("PATCH v2-resend", 2, ("resend",)),
        ("PATCH v5.10-stable", 1, ("v5.10-stable",)),
        ("PATCH linux-v6-rc", 1, ("linux-v6-rc",)),
    ],
)
def test_version_joined_to_a_mark_is_parsed(
    mark: str, version: int, words: tuple[str, ...]
) -> None:
    subject = parse_subject(f"[{mark}] x")
    assert (subject.version, subject.words, subject.is_patch) == (version, words, True)


def test_sender_is_at_most_one_mailbox() -> None:
    for head, email in (
        ('From: "Matt <m@x.y>" <ada@example.org>\n', "ada@example.org"),
        ("From: Matt <matt@example.com> <ada@example.org>\n", ""),
        ("From: Matt <matt@example.com>\nFrom: Ada <ada@example.org>\n", ""),
    ):
        text = f"{head}Subject: [PATCH] a: b\n\nWhy.\n---\n{patches.DIFF}"
        sender, mail = parse_text(text).sender, parse_mail(text.encode())
        assert (sender.email if sender else "") == mail.sender.email == email
        assert mail.sender.called


def test_address_in_a_name_is_not_a_recipient() -> None:
    coded = "=?utf-8?q?Matt_=3Cmatt=40example=2Ecom=3E=2C?= <rita@example.net>"
    mail = parse_mail(f'From: a@b.c\nTo: {coded}\nCc: {coded},\n "M <m@x.y>" <o@x.y>\n\n'.encode())
    assert [address.email for address in (*mail.to, *mail.cc)] == ["rita@example.net"] * 2 + [
        "o@x.y"
    ]
    assert mail.to[0].name == "Matt <matt@example.com>,"


@pytest.mark.parametrize(
    ("lines", "is_refused"),
    [
        (["A: " + 17 * "a"], False),
        (["A: " + 18 * "a"], True),
        (["A: " + 5 * "a", " " + 11 * "b"], False),
        (["A: " + 5 * "a", " " + 12 * "b"], True),
        (["A: " + 5 * "a", "", "b" * 90], False),
        (["A: " + 5 * "a", "no header " + "b" * 90], False),
    ],
)
def test_header_size_limit_is_inclusive(
    lines: list[str], is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailinfo, "MAX_HEADER", 20)
    if is_refused:
        with pytest.raises(InputError, match=f"line {len(lines)} is larger"):
            parse_header_lines(lines)
    else:
        assert parse_header_lines(lines)[0]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"a" * 10, None),
        (b"a" * 11, "line 1 too long: 11 bytes"),
        (b"a" * 10 + b"\n" + b"b" * 10 + b"\n", None),
        (b"a\n" + b"b" * 11, "line 2 too long: 11 bytes"),
        (b"\n\n" + b"b" * 12 + b"\n", "line 3 too long: 12 bytes"),
        (b"\n" * 5, None),
        (b"\n" * 6, "mail too long: 6 lines"),
        (b"a" * 9 + 3 * (b"\n" + b"a" * 9), None),
        (b"a" * 9 + 3 * (b"\n" + b"a" * 9) + b"\n", "mail too large"),
    ],
)
def test_message_limits_are_inclusive(
    raw: bytes, error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_reading, "MAX_MAIL", 39)
    monkeypatch.setattr(mail_reading, "MAX_LINES", 5)
    monkeypatch.setattr(mail_reading, "MAX_LINE", 10)
    if error is None:
        refuse_oversize(raw)
    else:
        with pytest.raises(InputError, match=error):
            refuse_oversize(raw)


def test_parts_have_type_and_text() -> None:
    raw = (
        b"From: a@example.org\nContent-Type: multipart/report; boundary=b\n\n"
        b"--b\nContent-Type: Text/Plain\nX-A:  one\n two\n\ntext\n"
        b"--b\nContent-Transfer-Encoding: base64\n\naGk=\n"
        b"--b\nContent-Type: message/rfc822\n\nSubject: sent\n\nbody\n--b--\n"
    )
    assert list_mail_parts(raw) == [
        ("text/plain", "text"),
        ("text/plain", "hi"),
        ("message/rfc822", "Subject: sent\n\nbody"),
    ]
    assert list_mail_parts(b"From: a@example.org\n\ntext\n") == []


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("", b"\xc3\xa9\n", "\N{LATIN SMALL LETTER E WITH ACUTE}\n"),
        (
            "text/plain; charset=iso-8859-1",
            b"\xe9\n",
            "\N{LATIN SMALL LETTER E WITH ACUTE}\n",
        ),
        ("text/plain; charset=utf-8", b"\xe9\n", "\udce9\n"),
        ("text/plain; charset=us-ascii", b"\xe9\n", "\udce9\n"),
        ("text/plain; charset=utf-16", b"a\n", None),
        ("", b"a\r\nb\r\n", "a\nb\n"),
        ("text/html", b"<p>a</p>\n", "a\n"),
        ("image/png", b"a\n", ""),
    ],
)
def test_text_is_decoded_by_its_charset(kind: str, body: bytes, text: str | None) -> None:
    head = f"Content-Type: {kind}\n" if kind else ""
    decoded = parse_mail(f"Subject: x\n{head}\n".encode() + body).body
    assert decoded == text if text is not None else decoded.strip("a\n") == decoded


DIGEST = (
    b'Subject: Digest\nContent-Type: multipart/digest;\n boundary="b"\n\nFront.\n'
    b"--b\nContent-Type: message/rfc822\n folded: x\n\nSubject: one\n\ntext 1\n\n\n"
    b"--b\n\nSubject: two\n\ntext 2\n"
    b"--b\n\nSubject: three\n\n\ntext 3\n"
    b"--b--\nafter\n"
)


def test_digest_messages_are_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mails = [
        b"Subject: one\n\ntext 1\n",
        b"Subject: two\n\ntext 2\n",
        b"Subject: three\n\n\ntext 3\n",
    ]
    assert split_digest(DIGEST) == mails
    monkeypatch.setattr(mail_reading, "MAX_PARTS", 2)
    assert split_digest(DIGEST) == mails[:2]


@pytest.mark.parametrize(
    "mail",
    [
        b"Subject: x\n\ntext\n",
        DIGEST.partition(b"--b")[0],
        DIGEST.replace(b"multipart/digest", b"multipart/mixed"),
    ],
)
def test_non_digest_is_one_message(mail: bytes) -> None:
    assert split_digest(mail) == [mail]


def test_long_patch_keeps_its_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw_mail = patches.build_patch_text(body="\udcff is no UTF-8.\n").encode(
        "utf-8", "surrogateescape"
    )
    patch = parse_patch(raw_mail, "x.patch")
    monkeypatch.setattr(mail_reading, "MAX_LINE", 100)
    assert len(raw_mail) > 100
    assert parse_patch(raw_mail, "x.patch") == patch
    assert patch.message == ("\udcff is no UTF-8.",)


@pytest.mark.parametrize("size", [1, 7, 64, 5000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_mbox_messages_have_offsets(size: int, ending: bytes) -> None:
    mails = [
        MBOX_LINE + b"A: %d" % number + ending + ending + b"x" * number + ending * 2
        for number in range(5)
    ]
    data = b"".join(mails)
    blocks = [data[number : number + size] for number in range(0, len(data), size)]
    messages = list(split_blocks(blocks))
    assert [mail for _, mail in messages] == mails
    assert [data[number : number + len(mail)] for number, mail in messages] == mails
    assert find_mail_bounds(data) == [(number, number + len(mail)) for number, mail in messages]
