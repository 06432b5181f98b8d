# SPDX-License-Identifier: GPL-2.0-or-later
"""Test importing the draft of another person.

The whole draft is imported, or it is rejected with a line number.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.errors import InputError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.series import given_text
from patchpilot.series.draft_text import format_draft_text, read_draft_file, update_from_text
from tests.kit.cli import call
from tests.kit.topics import topic

DRAFT = Draft("20261120-widget-0123456789ab", "/src/linux", "widget")
COVER = "==== cover ====\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"==== changelog v{'9' * 5000} ====\nx\n", "9 is not a version of a series"),
        (
            "==== changelog v99999999999999999999 ====\nx\n",
            "is not a version of a series",
        ),
        ("==== changelog v0 ====\nx\n", "v0 is not a version of a series"),
        ("==== changelog v\u0663 ====\nx\n", "is not a version of a series"),
        ("==== changelog v-1 ====\nx\n", "v-1 is not a version of a series"),
        (f"{COVER}a\x1b[2Jb\n", r"line 2: control character \\x1b"),
        (f"{COVER}a\n\nb\0\n", r"line 4: control character \\x00"),
        (f"{COVER}a\rBcc: eve@evil.example\n", r"line 2: control character \\x0d"),
        (f"{COVER}a\x9b31m\n", r"line 2: control character \\x9b"),
        ("==== note for '; DROP TABLE drafts; -- ====\nx\n", "the draft has no patch"),
        ("==== note for ../../etc/passwd ====\nx\n", "the draft has no patch"),
        ('{"subject": 1}\n', "not an exported draft"),
    ],
)
def test_invalid_draft_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        update_from_text(DRAFT, text)
    assert caught.value.hint


def test_cover_part_is_only_offered_if_there_may_be_a_cover_letter() -> None:
    patches = tuple(KnownPatch(str(number), f"widget: part {number}") for number in range(2))
    single = replace(DRAFT, version=2, patches=patches[:1])
    text = format_draft_text(single)
    assert COVER not in text
    assert "#~ A single patch needs no cover letter. To write one, add ==== cover ====" in text
    assert update_from_text(single, text) == single
    written = update_from_text(single, f"{text}{COVER}Widgets\n")
    assert written.cover_subject == "Widgets"
    for draft in (written, replace(DRAFT, patches=patches)):
        assert COVER in format_draft_text(draft)
        assert "A single patch" not in format_draft_text(draft)


def test_text_that_looks_like_code_is_not_executed() -> None:
    text = "${HOME} {x} %s $(touch pwned) `id` <script>"
    draft = update_from_text(DRAFT, f"{COVER}{text}\n\n{text}\n")
    assert (draft.cover_subject, draft.cover_text) == (text, text)


@pytest.mark.parametrize(
    "file", ["/dev/zero", "/dev/urandom", "large", "latin", "folder", "no\0file"]
)
def test_binary_file_is_refused(workdir: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setattr(given_text, "LARGEST", 1 << 16)
    Path("large").write_text("x" * (1 << 17))
    Path("latin").write_bytes(b"==== cover ====\n\xe4\n")
    Path("folder").mkdir()
    with pytest.raises(InputError) as caught:
        read_draft_file(Path(file))
    assert caught.value.hint


def test_refused_file_keeps_the_draft(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    arguments = ("draft", "-C", repo.path)
    assert call(*arguments, "--cover", "widget: mine\n\nMy text.").code == 0
    before = json.loads(call(*arguments, "--format", "json").out)["draft"]
    (tmp_path / "hostile").write_text(f"{COVER}theirs\n\n==== changelog v{'9' * 5000} ====\nx\n")
    failure = call(*arguments, "--import", tmp_path / "hostile")
    assert (failure.code, failure.out) == (2, "")
    assert json.loads(call(*arguments, "--format", "json").out)["draft"] == before
    assert call(*arguments, "--export", "-").out.count("widget: mine") == 1


def test_reply_text_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe4\n")
    repo = topic(tmp_path / "r", 1)
    for arguments, stdin in (
        ((tmp_path / "latin",), b""),
        (("-",), b"\xff\n"),
        ((tmp_path,), b""),
    ):
        result = call(
            "track reply <a@example.org> -C", repo.path, "--message", *arguments, stdin=stdin
        )
        assert result.code == 2
        assert "hint: --message takes a text file in UTF-8" in result.err
