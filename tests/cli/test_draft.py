# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that drafts record the origin of their contents.

Edits and sends change drafts, but dry runs do not.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.mail import parse_message_id
from patchpilot.sending.edit_draft import edit_draft_texts
from patchpilot.series.draft import CHOICES, complete_prefix
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic

LIST = "Widgets <widgets@lists.example.org>"


def send_topic(repo: Repo, *arguments: str) -> Outcome:
    return repo.patchpilot("send --to", LIST, "--force", "a test", "--format", "json", *arguments)


def read_first_subject(send_result: Outcome) -> str:
    return str(json.loads(send_result.out)["messages"][0]["subject"])


def read_draft(repo: Repo) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(call("draft show -C", repo.path, "--format", "json").out)[
        "draft"
    ]
    return result


def read_choices(repo: Repo) -> dict[str, Any]:
    document = read_draft(repo)
    return {name: document[name] for name in CHOICES}


def test_test_sends_keep_the_draft(
    tmp_path: Path,
) -> None:
    chosen = (
        "--in-reply-to",
        "other@example.org",
        "--subject-prefix",
        "PATCH net-next",
        "-v",
        "3",
        "--security",
        "no",
        "--regression",
        "no",
    )
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 0
        repo.git(
            "commit -q --amend -m",
            "widget: change line 1\n\nBetter.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        )
        before = read_choices(repo)
        for arguments in (chosen, ("--reroll",)):
            for how in (
                ("--dry-run",),
                ("--outbox", str(tmp_path / arguments[0])),
                ("--to-self", "--yes"),
            ):
                assert json.loads(send_topic(repo, *arguments, *how).out)["messages"]
                assert read_choices(repo) == before
                assert read_draft(repo)["origins"] == {}
        assert (
            read_first_subject(send_topic(repo, "--reroll", "--dry-run"))
            == "[PATCH v2] widget: change line 1"
        )


def test_dry_run_keeps_the_branch_description(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    for text in ("widget: mend\n\nAll were wrong.", "widget: mend all\n\nReally."):
        repo.git("config branch.topic.description", text)
        assert (
            read_first_subject(send_topic(repo, "--dry-run"))
            == f"[PATCH 0/2] {text.splitlines()[0]}"
        )
    output = repo.patchpilot("draft").out
    assert (
        "cover letter:   (git config branch.topic.description)\n  widget: mend all\n\n  Really.\n"
        in output
    )


def test_first_message_lists_the_dependencies(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        arguments = ("--depends-on", "https://lore.kernel.org/all/1@a/", "--depends-on")
        send_topic(repo, *arguments, "<2@b>", "--outbox", str(tmp_path / "out"))
    first_file, second_file = sorted((tmp_path / "out").iterdir())
    text, other = first_file.read_text(), second_file.read_text()
    assert "\n---\nDepends-on: <1@a>\nDepends-on: <2@b>\n\n" in text
    lines = "prerequisite-message-id: <1@a>\nprerequisite-message-id: <2@b>\n"
    assert lines in text[text.index("\nbase-commit: ") :]
    assert "1@a" not in other
    result = send_topic(repo, "--depends-on", "1@a", "--via", "b4")
    assert (result.code, "b4 prep --edit-deps" in result.err) == (2, True)


def test_send_stores_its_settings(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = (
            "--subject-prefix",
            "net",
            "--in-reply-to",
            "<report@example.org>",
            "--security",
            "no",
        )
        assert (
            read_first_subject(send_topic(repo, *arguments, "--yes"))
            == "[PATCH net] widget: change line 1"
        )
        remaining = read_draft(repo)
        assert (
            remaining["prefix"],
            remaining["in_reply_to"],
            remaining["answers"],
        ) == (
            "PATCH net",
            "report@example.org",
            {"security": "no"},
        )
        assert all(origin.startswith("send of v1, 20") for origin in remaining["origins"].values())
        assert repo.patchpilot("draft --changelog '- better told (Bob)'").code == 0
        assert (
            read_first_subject(send_topic(repo, "--reroll", "--yes"))
            == "[PATCH net v2] widget: change line 1"
        )
        assert b"In-Reply-To" not in server.take()[1].data


def test_next_version_does_not_change_on_rerun(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(reject_all=True)) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert json.loads(send_topic(repo, "-v", "4", "--yes").out)["state"] == "failed"
        server.faults.heal()
        assert read_draft(repo)["version"] == 1
        assert read_first_subject(send_topic(repo, "--yes")) == "[PATCH] widget: change line 1"
        for _ in range(3):
            assert (
                read_first_subject(send_topic(repo, "--reroll", "--dry-run"))
                == "[PATCH v2] widget: change line 1"
            )
            repo.patchpilot("draft --changelog '- better told (Bob)'")
        assert (
            read_first_subject(send_topic(repo, "--reroll", "--yes"))
            == "[PATCH v2] widget: change line 1"
        )
        assert read_draft(repo)["version"] == 2
        failure = repo.patchpilot("draft -v 2")
        assert (failure.code, "v2 was already sent" in failure.err) == (2, True)


def test_invalid_message_id_is_refused(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    for text in (
        "nothing",
        "a b@c",
        "<@>",
        "ä@example.org",
        "https://lore.kernel.org/all/",
        "x@y\nBcc: z@z",
        "<a@b> <c@d>",
    ):
        assert parse_message_id(text) is None
    bad = "nothing"
    for arguments in (
        ("send", "--dry-run", "--to", LIST, "--in-reply-to", bad),
        ("send", "--dry-run", "--to", LIST, "--depends-on", bad),
        ("draft", "--in-reply-to", bad),
        (
            "backport",
            "--onto",
            "master",
            "--write",
            tmp_path / "out",
            "--in-reply-to",
            bad,
        ),
        ("track", "add", bad),
    ):
        result = call(
            arguments[0],
            *(("-C", repo.path) if arguments[0] != "track" else ()),
            *arguments[1:],
        )
        assert result.code == 2
        assert "Message-ID" in result.err
    assert read_draft(repo)["in_reply_to"] == ""


def test_message_id_is_extracted_from_a_url(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    assert (
        repo.patchpilot("draft --in-reply-to https://lore.kernel.org/r/id@example.org/").code == 0
    )
    assert read_draft(repo)["in_reply_to"] == "id@example.org"
    assert repo.patchpilot("draft --in-reply-to ''").code == 0
    assert read_draft(repo)["in_reply_to"] == ""


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("net-next", "PATCH net-next"),
        ("[PATCH net]", "PATCH net"),
        ("RFC PATCH net", "RFC PATCH net"),
        ("RFC net-next", "PATCH RFC net-next"),
        ("PATCH RESEND", "PATCH RESEND"),
        ("dispatch", "PATCH dispatch"),
        ("  ", ""),
    ],
)
def test_prefix_without_patch_is_completed(given: str, whole: str) -> None:
    assert complete_prefix(given) == whole


def test_invalid_prefix_is_refused(tmp_path: Path) -> None:
    bad = "net\nBcc: eve@example.org"
    repo = topic(tmp_path / "r", 1)
    assert send_topic(repo, "--dry-run", "--subject-prefix", bad).code == 2
    assert repo.patchpilot("draft --subject-prefix", bad).code == 2


def test_reset_keeps_sent_versions(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        arguments = (
            "--subject-prefix",
            "net",
            "--cover-subject",
            "widget: mend",
            "--cover",
            "All were wrong.",
            "--note",
            "1",
            "A note.",
        )
        assert repo.patchpilot("draft", *arguments, "--in-reply-to", "id@example.org").code == 0
        assert send_topic(repo, "--yes").code == 0
        assert repo.patchpilot("draft --changelog '- better told (Bob)'").code == 0
        before = read_draft(repo)
        output = call("draft show -C", repo.path).out
        for row in (
            "prefix:   [PATCH net]   (set, 20",
            "cover letter:   (set, 20",
            "  All were wrong.",
            "  A note.",
            "version:  v2   (set, 20",
        ):
            assert row in output
        result = call("draft reset -C", repo.path)
        assert result.code == 0
        assert "  All were wrong." in result.out
        after = read_draft(repo)
    empty = {
        "version": 1,
        "prefix": "",
        "in_reply_to": "",
        "cover_subject": "",
        "cover_text": "",
        "notes": {},
        "answers": {},
        "changelogs": {},
    }
    assert {name: after[name] for name in empty} == empty
    assert [after[name] for name in ("change_id", "links", "patches")] == [
        before[name] for name in ("change_id", "links", "patches")
    ]
    assert "sent:     v1" in repo.patchpilot("draft").out
    second_outcome = call("draft reset -C", repo.path)
    assert (second_outcome.out, "nothing to clear" in second_outcome.err) == ("", True)
    assert call("draft reset --subject-prefix net -C", repo.path).code == 2


def test_unchanged_changelog_starts_no_version(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 0
    (repo.path / "widget.c").write_text("int less;\n")
    repo.git("commit -q -a --amend --no-edit")
    with Repository.open(repo.path) as repository:
        records = []
        edit_draft_texts(repository, lambda text: records.append(text) or text)  # type: ignore[func-returns-value]
        assert "EDITME changed: widget: change line 1" in records[0]
        edit_draft_texts(
            repository,
            lambda text: text.replace(
                "==== note for widget: change line 1 ====\n",
                "==== note for widget: change line 1 ====\nA note.\n",
            ),
        )
        assert (read_draft(repo)["version"], read_draft(repo)["changelogs"]) == (1, {})
        assert list(read_draft(repo)["notes"].values()) == ["A note."]
        edit_draft_texts(
            repository,
            lambda text: text.replace("EDITME changed: widget: change line 1", "take less (Bob)"),
        )
        assert read_draft(repo)["version"] == 2
        assert "take less (Bob)" in read_draft(repo)["changelogs"]["2"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a]b", "brackets are not allowed", "as in --subject-prefix 'PATCH net-next'"),
        (
            "[a][b]",
            "brackets are not allowed",
            "as in --subject-prefix 'PATCH net-next'",
        ),
        ("net v2", "must not contain 'v2'", "set the version with -v N"),
        ("V2", "must not contain 'V2'", "set the version with -v N"),
        ("PATCH 1/2", "must not contain '1/2'", "set the version with -v N"),
        ("a\nb", "one line of printable text", "omit line breaks"),
        ("a\x7f", "one line of printable text", "omit line breaks"),
    ],
)
def test_invalid_subject_prefix_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        complete_prefix(text)
    assert message in error.value.message
    assert str(error.value.hint).startswith(hint)


def test_several_patch_files_are_one_topic(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    files = repo.git("format-patch -v2 -o", str(tmp_path / "out"), "master..topic").split()

    def draft(*arguments: str) -> Outcome:
        outcome = repo.patchpilot("draft", *arguments, *files)
        assert outcome.code == 0, outcome.err
        return outcome

    draft("--changelog", "- take less", "--note", "2", "on top of 1", "--security", "no")
    draft("--no-note-build")
    shown = draft("show", "--json").json["draft"]
    assert [patch["subject"] for patch in shown["patches"]] == [
        "widget: change line 1",
        "widget: change line 2",
    ]
    assert shown["changelogs"] == {"2": "Changes in v2:\n- take less"}
    assert list(shown["notes"].values()) == ["on top of 1"]
    assert shown["answers"]["security"] == "no"
    assert "on top of 1" in draft("--export", "-").out
    assert "on top of 1" in draft("reset").out
    assert shown["change_id"] in draft("--forget").err
    mixed = repo.patchpilot("draft show", files[0], "HEAD")
    assert (mixed.code, "only patch files can be named together" in mixed.err) == (2, True)
