# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patch files and mboxes are sent with unchanged contents.

They get new ids, numbers and threading.
"""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail, parse_patch
from patchpilot.outgoing.am_roundtrip import find_mails_changed_by_am
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.draft import Drafts
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import SIGNED, apply, commits, topic, unpacked


@pytest.mark.parametrize("form", ["directory", "mbox", "one file"])
def test_files_arrive_unchanged(tmp_path: Path, form: str) -> None:
    count = 1 if form == "one file" else 2
    with FaultySink() as server:
        repo = topic(tmp_path / "r", count, server=server, author="Jörg, X <j@example.org>")
        output_folder = tmp_path / "out"
        repo.git(
            "format-patch -q --to=list@lists.example.org",
            '--cc="Ünï, x" <u@example.org>',
            "-o",
            str(output_folder),
            "master..topic",
        )
        files = sorted(output_folder.iterdir())
        target = output_folder if form == "directory" else files[0]
        if form == "mbox":
            target = tmp_path / "series.mbox"
            target.write_bytes(b"".join(file.read_bytes() for file in files))
        arguments = (
            "send",
            "-C",
            repo.path,
            target,
            "--yes",
            "--force",
            "x",
            "--format",
            "json",
        )
        outcome = call(*arguments)
        assert outcome.code == 0, outcome.err
        mails = server.take()
        document = outcome.json
        second_document = call(*arguments[:4], "--format", "json").json
        assert "already-sent" in {refusal["name"] for refusal in second_document["refusals"]}
    assert {(recipient["name"], recipient["email"]) for recipient in document["recipients"]} >= {
        ("", "list@lists.example.org"),
        ("Ünï, x", "u@example.org"),
    }
    read = [parse_mail(unpacked(mail)) for mail in mails]
    assert [mail.subject for mail in read] == [
        f"[PATCH{f' {n}/2' if count > 1 else ''}] widget: change line {n}"
        for n in range(1, count + 1)
    ]
    assert [mail.in_reply_to for mail in read[1:]] == [read[0].message_id] * (count - 1)
    assert apply(repo, "master", [unpacked(mail) for mail in mails], tmp_path) == commits(
        repo, "master..topic"
    )


def find_blockers(repo: Repo, target: Path) -> dict[str, str]:
    """Map the names of problems that block sending these files to their messages."""
    arguments = (
        "send",
        "-C",
        repo.path,
        "--to",
        "l@lists.example.org",
        "--dry-run",
        "--format",
        "json",
        target,
    )
    return {refusal["name"]: refusal["message"] for refusal in call(*arguments).json["refusals"]}


def test_files_are_tested_with_git_am(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    output_folder = tmp_path / "out"
    repo.git("format-patch -q -o", str(output_folder), "master..topic")
    assert not {"does-not-apply", "already-fixed", "damaged"} & set(
        find_blockers(repo, output_folder)
    )
    first = sorted(output_folder.iterdir())[0]
    original_content = first.read_text()
    first.write_text(original_content.replace("int line2;", "int other;"))
    assert "widget.c" in find_blockers(repo, output_folder)["does-not-apply"]
    first.write_text(original_content)
    repo.checkout("master")
    repo.git("merge -q --ff-only topic")
    repo.git("branch -q -u topic")
    assert "already-fixed" in find_blockers(repo, output_folder)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", ""),
        ("Line 1 was", "Line 2 was", "message"),
        ("From: Ada", "From: Eve", "author"),
        ("[PATCH 1/2] widget", "[PATCH 1/2] gadget", "subject"),
        ("-int line1;", "-int line1 ;", "content"),
        ("Line 1 was", "x" * 1000, "longer"),
    ],
)
def test_changed_message_is_reported(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    repo = topic(tmp_path / "r", 2)
    text = (
        repo.git("format-patch --stdout 'master..topic~1'").replace("[PATCH]", "[PATCH 1/2]") + "\n"
    )
    patch = parse_patch(text.encode(), "x")
    with Repository.open(repo.path) as repository:
        changed = find_mails_changed_by_am(
            repository,
            [(text.replace(old, new, 1).encode() if old else text.encode(), patch)],
        )
    assert (wrong in changed[0][1]) if wrong else not changed


def test_outbox_files_belong_to_the_topic(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    arguments = (
        "send",
        "-C",
        repo.path,
        "--to",
        "l@lists.example.org",
        "--force",
        "x",
        "--format",
        "json",
    )
    first_document = call(*arguments, "--outbox", tmp_path / "out").json
    repeated_document = call(*arguments, "--dry-run", tmp_path / "out").json
    assert repeated_document["change_id"] == first_document["change_id"]


def write_to_files(repo: Repo, folder: Path, *arguments: object) -> list[str]:
    """Return the messages that `send` writes for patch files, in order."""
    options = ("--offline", "--security", "no", "--regression", "no", "--force", "x", "--to")
    repo.patchpilot("send", *arguments, *options, "l@lists.example.org", "--outbox", folder)
    return [file.read_text() for file in sorted(folder.iterdir())]


def test_file_keeps_what_its_header_says(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git(
        "format-patch -q -v3 --in-reply-to=parent@example.org --add-header 'Organization: Frob'",
        "--subject-prefix=RFC PATCH frob-next",
        "-o",
        str(tmp_path / "out"),
        "master..topic",
    )
    (mail,) = write_to_files(repo, tmp_path / "mails", tmp_path / "out")
    assert "Subject: [RFC PATCH frob-next v3] widget: change line 1\n" in mail
    assert "In-Reply-To: <parent@example.org>\n" in mail
    assert "Organization: Frob\n" in mail
    (other,) = write_to_files(
        repo, tmp_path / "mails2", tmp_path / "out", "--subject-prefix", "PATCH net", "-v", "4"
    )
    assert "Subject: [PATCH net v4] widget: change line 1\n" in other


def test_files_are_named_together_and_keep_their_numbers(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 3)
    repo.git("format-patch -q -o", str(tmp_path / "out"), "master..topic")
    files = sorted((tmp_path / "out").iterdir())
    subjects = [
        next(line for line in mail.splitlines() if line.startswith("Subject: "))
        for mail in write_to_files(repo, tmp_path / "mails", *files[1:])
    ]
    assert [subject.partition("]")[0] for subject in subjects] == [
        "Subject: [PATCH 2/3",
        "Subject: [PATCH 3/3",
    ]


def test_paths_of_sent_files_are_kept(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("format-patch -q -o", str(tmp_path / "out"), "master..topic")
        (file,) = (tmp_path / "out").iterdir()
        repo.patchpilot("send --to l@lists.example.org --no-auto --yes --force x", file).expect(0)
    with Drafts() as drafts, Outbox() as outbox:
        (draft,) = drafts.all()
        (send,) = outbox.sends(draft.change_id)
    assert (send.files, send.head) == ((str(file),), None)


def test_changelog_of_the_draft_is_in_the_file(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("format-patch -q -v2 -o", str(tmp_path / "out"), "master..topic")
    repo.patchpilot("draft --changelog '- reword' ", tmp_path / "out")
    (mail,) = write_to_files(repo, tmp_path / "mails", tmp_path / "out")
    assert "- reword" in mail.partition("\n---\n")[2]


def test_notes_below_the_commit_message_are_notes(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    note = f"widget: one\n\nText.\n\n{SIGNED}\n---\nv2: reword"
    repo.commit(note, {"widget.c": "int x;\n"})
    outcome = repo.patchpilot(
        "send --offline --to l@lists.example.org --no-auto --security no --regression no"
        " --format json --outbox",
        tmp_path / "mails",
    )
    assert not {"damaged", "check-errors"} & {
        refusal["name"] for refusal in outcome.json["refusals"]
    }
    (file,) = (tmp_path / "mails").iterdir()
    assert "v2: reword" in file.read_text().partition("\n---\n")[2]
    (made,) = apply(repo, "master", [file.read_bytes()], tmp_path)
    assert "reword" not in str(made)


@pytest.mark.parametrize("line", ["From: the datasheet", "Subject: other", "Date: today"])
def test_message_that_starts_like_a_header_arrives_unchanged(tmp_path: Path, line: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.commit(f"widget: one\n\n{line}, the code is wrong.\n\n{SIGNED}", {"widget.c": "int x;\n"})
    mails = write_to_files(repo, tmp_path / "mails")
    made = apply(repo, "master", [mail.encode() for mail in mails], tmp_path)
    assert made == commits(repo, "master..topic")


def test_message_without_a_patch_names_the_program_that_sends_it(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    file = tmp_path / "request.eml"
    file.write_text("To: stable@vger.kernel.org\nSubject: please apply a fix\n\nIt is needed.\n")
    outcome = repo.patchpilot("send --dry-run", file)
    outcome.expect(2, "a message without a patch", "git send-email FILE")
