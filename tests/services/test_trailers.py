# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `trailers`: for which commits a tag is."""

from pathlib import Path

from tests.kit.life import life
from tests.kit.mails import RITA

EVE = "Eve <eve@evil.example>"


def test_a_tag_for_the_series_is_not_for_a_commit_that_was_not_sent(
    tmp_path: Path,
) -> None:
    with life(tmp_path, 2) as one:
        assert (
            one.run(
                "draft", "--cover", "widget: change two lines\n\nBoth were wrong."
            ).code
            == 0
        )
        cover = one.send()
        one.tell(
            cover,
            f"Reviewed-by: {RITA}",
            subject="Re: [PATCH 0/2] widget: change two lines",
        )
        one.repo.commit(
            "widget: something new\n\nNew.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
            {"new.c": "int later;\n"},
        )
        done = one.run("trailers", "--yes")
        assert done.code == 0, done.err
        messages = one.repo.git(
            "log", "-3", "--format=%s%n%(trailers:key=Reviewed-by,valueonly)%x00"
        ).split("\0")
        assert [RITA in message for message in messages[:3]] == [False, True, True]


def test_a_tag_that_no_message_may_have_is_named_and_the_others_are_added(
    tmp_path: Path,
) -> None:
    tags = (
        "Reviewed-by: Rita\rSigned-off-by: X",
        "Tested-by: R\x85ita",
        "Acked-by: Rita \u202eReviewer",
    )
    with life(tmp_path) as one:
        first = one.send()
        for tag in tags:
            one.tell(first, f"{tag} <rita@example.net>")
        one.tell(first, f"Reviewed-by: {RITA}")
        done = one.run("trailers", "--yes")
        assert done.code == 0, done.err
        message = one.repo.git("log", "-1", "--format=%B")
        assert message.count("-by: ") == 2
        assert f"Reviewed-by: {RITA}" in message
        assert [
            line for line in done.err.splitlines() if line.startswith("not added")
        ] == [
            (
                "not added: Reviewed-by: Rita\\x0dSigned-off-by: X <rita@example.net> (v1):"
                " contains \\x0d"
            ),
            "not added: Tested-by: R\\x85ita <rita@example.net> (v1): contains \\x85",
            "not added: Acked-by: Rita <U+202E>Reviewer <rita@example.net> (v1): contains <U+202E>",
        ]


def test_a_tag_is_written_unasked_only_with_the_one_address_of_its_sender(
    tmp_path: Path,
) -> None:
    asked = (
        f"Reviewed-by: {EVE}, {RITA}",
        f"Acked-by: {EVE} [Cc: <x@y.example>]",
        f"Signed-off-by: {EVE}",
        f"Co-developed-by: {EVE}",
    )
    with life(tmp_path) as one:
        first = one.send()
        for tag in asked:
            one.tell(first, tag, sender=EVE)
        one.tell(first, f"Tested-by: {EVE}", sender=EVE)
        done = one.run("trailers", "--yes")
        assert done.code == 0, done.err
        message = one.repo.git("log", "-1", "--format=%B")
        assert f"Tested-by: {EVE}" in message
        assert message.count("evil.example") == 1
        for tag in asked:
            assert f"not added: {tag} (v1): " in done.err
            assert f"--also '{tag}'" in done.err
        assert one.run("trailers", "--yes", "--also", asked[2]).code == 0
        assert asked[2] in one.repo.git("log", "-1", "--format=%B")


def test_a_tag_with_an_unusable_address_or_an_invisible_character_is_left_out(
    tmp_path: Path,
) -> None:
    option = "Eve <-oProxy=eve@evil.example>"
    unseen = "Acked-by: Matt\u200b Maintainer <eve@evil.example>"
    with life(tmp_path) as one:
        first = one.send()
        one.tell(first, f"Reviewed-by: {option}", sender=option)
        one.tell(first, unseen, sender=EVE)
        for words in ((), ("--also", f"Reviewed-by: {option}", "--also", unseen)):
            done = one.run("trailers", "--yes", *words)
            assert done.code == 0, done.err
            assert "evil" not in one.repo.git("log", "-1", "--format=%B")
            assert "-oProxy=eve@evil.example: it begins with '-'" in done.err
            assert "contains <U+200B>" in done.err
