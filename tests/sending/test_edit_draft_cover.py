# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a cover letter must have a subject and a text."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.sending.edit_draft import DraftChanges, change_draft
from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


@pytest.mark.parametrize(
    ("given", "subject", "text"),
    [
        (
            {"text": "net: two comments\n\nText\n\nMore"},
            "net: two comments",
            "Text\n\nMore",
        ),
        ({"text": "\nnet: two comments\r\n\r\nText\r\n"}, "net: two comments", "Text"),
        ({"text": "net: two comments\n"}, "net: two comments", ""),
        (
            {"text": "A paragraph\nof two lines.\n\nMore"},
            "",
            "A paragraph\nof two lines.\n\nMore",
        ),
        (
            {"subject": "widget: mend", "text": "One line.\n\nMore"},
            "widget: mend",
            "One line.\n\nMore",
        ),
        ({"subject": "widget: mend", "text": "One line."}, "widget: mend", "One line."),
    ],
)
def test_first_line_becomes_cover_subject(
    tmp_path: Path, given: dict[str, str], subject: str, text: str
) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        draft = change_draft(repository, DraftChanges(**given)).draft
    assert (draft.cover_subject, draft.cover_text) == (subject, text)


def test_single_line_becomes_cover_text(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        change_draft(repository, DraftChanges(subject="widget: mend"))
        draft = change_draft(repository, DraftChanges(text="All were wrong.")).draft
        assert (draft.cover_subject, draft.cover_text) == (
            "widget: mend",
            "All were wrong.",
        )
        with pytest.raises(UsageError, match="one line of printable text"):
            change_draft(repository, DraftChanges(text="net: \x1b[31mtwo\n\nText"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--cover", "A paragraph\nof two lines."), "cover-subject"),
        (
            (
                "--cover-subject",
                "EDITME: cover title for topic",
                "--cover",
                "All were wrong.",
            ),
            "cover-subject",
        ),
        (("--cover-subject", "widget: mend"), "cover-text"),
        (
            ("--cover-subject", "widget: mend", "--cover", "*** BLURB HERE ***"),
            "cover-text",
        ),
    ],
)
def test_incomplete_cover_letter_is_not_sent(
    tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        assert repo.patchpilot("draft", *words).code == 0
        given = ("send", "-C", repo.path, "--to", "l@lists.example.org")
        outcome = call(*given, "--yes", "--format", "json")
        blockers = {refusal["name"]: refusal["hint"] for refusal in outcome.json["refusals"]}
        assert outcome.code == 1
        assert "patchpilot draft" in blockers[name]
        assert call(*given, "--outbox", tmp_path / "out").code == 1
        assert server.take() == ()
