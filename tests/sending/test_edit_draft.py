# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that drafts are kept after rebases, renames and crashes, and that they can be edited."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, RefusedError, UsageError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.edit_draft import (
    DraftChanges,
    change_draft,
    edit_draft_texts,
    show_draft,
    unenroll_from_b4,
)
from patchpilot.series.draft import Drafts
from patchpilot.series.draft_text import format_draft_text, update_from_text
from patchpilot.topic.find import find_draft
from patchpilot.topic.reroll import find_last_send, list_version_changes
from tests.kit.cli import call
from tests.kit.topics import topic

DRAFT = Draft(
    "20260101-x-0123456789ab",
    "/r",
    "topic",
    patches=(KnownPatch("p1", "a: one"), KnownPatch("p2", "a: two")),
)


def test_draft_survives_rebase_and_rewording(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        first_draft = find_draft(repository, SendRequest())
    repo.git("branch -m topic renamed")
    with Repository.open(repo.path) as repository:
        assert find_draft(repository, SendRequest()).change_id == first_draft.change_id
    repo.commit(
        "widget: something else\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"other.c": "int x;\n"},
    )
    repo.git("rebase -q --force-rebase master")
    with Repository.open(repo.path) as repository:
        second_draft = find_draft(repository, SendRequest())
        assert second_draft.change_id == first_draft.change_id
        assert len(second_draft.patches) == 3
    repo.checkout("master")
    repo.branch("other")
    repo.git("branch -q -u master")
    repo.commit(
        "gadget: new\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"gadget.c": "int y;\n"},
    )
    with Repository.open(repo.path) as repository:
        assert find_draft(repository, SendRequest()).change_id != first_draft.change_id


@pytest.mark.parametrize("count", [1, 3])
def test_draft_is_kept_after_amending_message_and_code(tmp_path: Path, count: int) -> None:
    repo = topic(tmp_path / "r", count)
    with Repository.open(repo.path) as repository:
        first_draft = change_draft(repository, DraftChanges(notes=((str(count), "tested"),))).draft
    (repo.path / "widget.c").write_text("int all_new;\n")
    repo.git(
        "commit -q -a --amend -m",
        "gadget: nothing like before\n\nSigned-off-by: Ada Fixer <ada@example.org>",
    )
    with Repository.open(repo.path) as repository:
        second_draft = show_draft(repository).draft
        # the words follow the subject until the first send
        first_id, second_id = (
            draft.change_id.rpartition("-")[2] for draft in (first_draft, second_draft)
        )
        assert second_id == first_id
        assert second_draft.notes[second_draft.patches[-1].patch_id] == "tested"
        repo.git("reset -q --hard master")
        repo.commit(
            "gizmo: another fix on the same branch\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"gizmo.c": "int z;\n"},
        )
        assert show_draft(repository).draft.change_id != first_draft.change_id


_TEXT = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40).map(
        str.rstrip
    ),
    max_size=5,
).map("\n".join)


_CONTENT = _TEXT.map(lambda text: text.strip("\n")).filter(
    lambda text: not any(line.startswith(("#~", "====")) for line in text.split("\n"))
)


@given(
    subject=_CONTENT.map(lambda text: text.split("\n")[0].strip()),
    text=_CONTENT,
    note=_CONTENT,
    changes=_CONTENT,
)
def test_export_and_import_are_inverse(subject: str, text: str, note: str, changes: str) -> None:
    subject = subject or "s"
    given_notes = {"p1": note} if note else {}
    draft = replace(
        DRAFT,
        version=2,
        cover_subject=subject,
        cover_text=text,
        notes=given_notes,
        changelogs={"2": changes} if changes else {},
    )
    assert update_from_text(draft, format_draft_text(draft, change_items=("a hint",))) == draft


def test_canceled_edit_changes_nothing(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        change_draft(
            repository,
            DraftChanges(
                subject="a cover",
                text="text",
                notes=(("2", "a note"),),
                prefix="PATCH net",
            ),
        )
        remaining = edit_draft_texts(repository, lambda _: None).draft
        assert (remaining.cover_subject, remaining.prefix) == ("a cover", "PATCH net")
        edited = edit_draft_texts(
            repository,
            lambda text: text.replace("a cover", "another").replace("a note", "no note"),
        ).draft
        assert edited.cover_subject == "another"
        assert list(edited.notes.values()) == ["no note"]
        with pytest.raises(UsageError, match="this topic has 2 patches"):
            change_draft(repository, DraftChanges(notes=(("9", "x"),)))
        with pytest.raises(InputError, match=r"heading.* the text is kept in "):
            edit_draft_texts(repository, lambda text: "words of mine\n" + text)


def test_concurrent_edits_are_merged(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        change_draft(repository, DraftChanges(subject="a cover", notes=(("2", "a note"),)))

        def edit_subject(text: str) -> str:
            change_draft(repository, DraftChanges(notes=(("1", "from a shell"),)))
            return text.replace("a note", "my note")

        merged_draft = edit_draft_texts(repository, edit_subject).draft
        assert sorted(merged_draft.notes.values()) == ["from a shell", "my note"]

        def keep_text(text: str) -> str:
            change_draft(repository, DraftChanges(notes=(("2", "their note"),)))
            return text.replace("my note", "no note")

        with pytest.raises(RefusedError, match=r"changed while it was edited.* kept in"):
            edit_draft_texts(repository, keep_text)
        assert "their note" in show_draft(repository).draft.notes.values()


def test_b4_cover_is_imported(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git(
        "config branch.topic.description",
        "widget: a cover\n\nWhy.\n\n---\nChanges in v2:\n- mended\n",
    )
    with Repository.open(repo.path) as repository:
        draft = find_draft(repository, SendRequest())
        assert (draft.cover_subject, draft.cover_text, draft.changelog) == (
            "widget: a cover",
            "Why.",
            "Changes in v2:\n- mended",
        )


def test_enrolled_branch_can_be_unenrolled(
    tmp_path: Path,
) -> None:
    from patchpilot.outgoing.b4.enrollment import restore_tracking

    repo = topic(tmp_path / "r", 1)
    repo.git("config branch.topic.description mine")
    before = repo.git("rev-parse HEAD")
    with Repository.open(repo.path) as repository:
        series = {"change-id": "20260303-mine-0123456789ab", "base-branch": "master"}
        then = {
            "b4-tracking": (json.dumps({"series": series}),),
            "patchpilot-enrolled": ("true",),
            "patchpilot-description": ("mine",),
            "description": ("widget: more",),
        }
        restore_tracking(repository, "topic", then)
        assert show_draft(repository).draft.change_id == series["change-id"]
        unenroll_from_b4(repository)
        with pytest.raises(Exception, match="not enrolled"):
            unenroll_from_b4(repository)
    assert repo.git("rev-parse HEAD") == before
    assert repo.git("config", "--get-regexp", r"^branch\.topic\.") == (
        "branch.topic.remote .\nbranch.topic.merge refs/heads/master\nbranch.topic.description mine"
    )


def test_new_version_needs_a_changelog(tmp_path: Path) -> None:
    from tests.kit.smtp import FaultySink

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--format",
            "json",
        )
        early_outcome = call(*arguments, "--reroll", "--dry-run")
        assert (early_outcome.code, "send v1 first" in early_outcome.err) == (2, True)
        assert call(*arguments, "--yes", "--force", "x").code == 0
        change_id = json.loads(call(*arguments, "--dry-run").out)["change_id"]
        assert repo.git("tag -l") == f"sent/{change_id}-v1"
        repo.commit(
            "widget: and another\n\nIt was missing.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"new.c": "int z;\n"},
        )
        failure = json.loads(call(*arguments, "--reroll", "--dry-run").out)
        assert "unfinished" in {refusal["name"] for refusal in failure["refusals"]}
        log = (
            repo.patchpilot("draft --export -")
            .out.partition("==== changelog v2 ====\n")[2]
            .partition("====")[0]
        )
        assert "EDITME new patch: widget: and another" in log
        assert "- Link to v1: https://lore.kernel.org/r/" in log
        with Repository.open(repo.path) as repository:
            change_draft(repository, DraftChanges(changelog=log.replace("EDITME ", "")))
        result = call(*arguments, "--reroll", "--range-diff", "--yes", "--force", "x")
        assert result.code == 0
    first_mail_text = server.take()[2].data.decode()
    assert "Subject: [PATCH v2 1/3] widget: change line 1" in first_mail_text
    notes = first_mail_text.partition("\n---\r\n")[2]
    assert "- new patch: widget: and another" in notes
    assert "Range-diff against v1 (the commits are not published):" in notes
    # the range-diff is below the diffstat of the cover letter; if the commits are published, there
    # is no note
    repo.git("update-ref refs/remotes/origin/topic topic")
    cover = ("--cover-subject", "widget: all", "--cover", "Why.", "--changelog", "- x")
    assert repo.patchpilot("draft", *cover).code == 0
    output = call(*arguments[:-2], "--reroll", "--range-diff", "--dry-run").out
    text = output.partition(" mail 1 of 4 ")[2].partition(" mail 2 of 4 ")[0]
    assert re.search(r"insertion.*\n\nRange-diff against v2:\n1: .*\nbase-commit: ", text, re.S)


def test_range_diff_of_sent_files_is_refused_with_the_reason(tmp_path: Path) -> None:
    from tests.kit.smtp import FaultySink

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        file = repo.git(f"format-patch -1 -o {tmp_path / 'out'}").strip()
        options = ("send", "-C", repo.path, "--to", "l@lists.example.org", file)
        assert call(*options, "--yes", "--force", "x").code == 0
        outcome = call(*options, "--reroll", "--range-diff", "--dry-run")
    assert "v1 was sent as patch files: it has no commits to compare with" in outcome.err


def test_changelog_after_a_send_is_for_the_next_version(
    tmp_path: Path,
) -> None:
    from tests.kit.smtp import FaultySink

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--yes",
            "--force",
            "x",
        )
        assert call(*arguments).code == 0
        repo.git(
            "commit -q --amend -m",
            "widget: change line 1\n\nBetter told.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        )
        with Repository.open(repo.path) as repository:
            draft = find_draft(repository, SendRequest())
            assert [
                version_change.kind
                for version_change in list_version_changes(draft, find_last_send(draft), repository)
            ] == ["reworded"]
        assert repo.patchpilot("draft --changelog '- told better (Bob)'").code == 0
        assert call(*arguments, "--reroll").code == 0
    second_mail_text = server.take()[1].data.decode()
    assert "[PATCH v2]" in second_mail_text
    assert "Changes in v2:\r\n- told better (Bob)\r\n- Link to v1: https://" in second_mail_text


def test_drafts_are_listed_and_forgotten(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    assert repo.patchpilot("draft --cover-subject 'a cover' --cover text").code == 0
    assert "a cover" in repo.patchpilot("draft").out
    exported_outcome = repo.patchpilot("draft --export", tmp_path / "d.txt")
    assert exported_outcome.code == 0
    assert repo.patchpilot("draft --forget").code == 0
    assert "a cover" not in repo.patchpilot("draft").out
    assert repo.patchpilot("draft --import", tmp_path / "d.txt").code == 0
    assert "a cover" in repo.patchpilot("draft").out
    with Drafts() as drafts:
        assert len(drafts.all()) == 1


def test_exported_undisclosed_fix_is_undisclosed_elsewhere(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    file = tmp_path / "d.txt"
    repo.patchpilot("draft --security yes --cover-subject a --cover text")
    assert "not exported" not in repo.patchpilot("draft --export -").err
    repo.patchpilot("check --waive 'long-line=a table'")
    repo.patchpilot("draft --subject-prefix 'PATCH net'")
    outcome = repo.patchpilot("draft --export", file)
    assert "not exported" in outcome.err
    assert "[PATCH net]" in outcome.err
    assert "long-line: a table" in outcome.err
    assert "security" not in outcome.err
    repo.patchpilot("draft --forget")
    assert repo.patchpilot("draft --import", file).code == 0
    draft = repo.patchpilot("draft --format json").json["draft"]
    assert draft["answers"] == {"security": "yes"}
    assert draft["waivers"] == {}
    # no text in the file can take the answer back
    file.write_text(file.read_text().replace("==== undisclosed ====", ""))
    assert repo.patchpilot("draft --import", file).code == 0
    draft = repo.patchpilot("draft --format json").json["draft"]
    assert draft["answers"] == {"security": "yes"}


@pytest.mark.parametrize(
    ("lore", "demo", "begins"),
    [
        (None, False, "https://lore.kernel.org/r/"),
        ("https://lore.kernel.org/netdev", False, "https://lore.kernel.org/r/"),
        ("https://inbox.example.org/dev/", False, "https://inbox.example.org/dev/"),
        ("http://127.0.0.1:8080", False, "https://lore.kernel.org/r/"),
        ("http://mirror:8080", False, "https://lore.kernel.org/r/"),
        ("http://127.0.0.1:8080", True, "http://127.0.0.1:8080/"),
    ],
)
def test_version_link_uses_a_public_archive(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lore: str | None,
    demo: bool,
    begins: str,
) -> None:
    from types import SimpleNamespace

    from patchpilot.topic.reroll import make_send_link

    repo = topic(tmp_path / "r", 1)
    if lore:
        repo.git("config --global patchpilot.lore", lore)
    monkeypatch.setenv("PATCHPILOT_DEMO", str(tmp_path)) if demo else monkeypatch.delenv(
        "PATCHPILOT_DEMO", raising=False
    )
    sent = SimpleNamespace(
        undisclosed=False,
        entries=(SimpleNamespace(message_id="v1@example.org"),),
    )
    with Repository.open(repo.path) as repository:
        link = make_send_link(sent, repository)  # type: ignore[arg-type]
    assert link.startswith(begins + "v1@example.org")
