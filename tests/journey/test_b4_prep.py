# SPDX-License-Identifier: GPL-2.0-or-later
"""Test every command, and then b4, on branches created by `b4 prep` with each strategy for cover
letters.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.kit.b4 import run_b4
from tests.kit.cli import Outcome
from tests.kit.prep import COVER, STRATEGIES, create_prep_repository
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server

# run each b4 command on each kind of prep branch
pytestmark = pytest.mark.long

COVER_V1 = COVER.partition("\n---\n")[0] + "\n"
TITLES = ["widget: change line 1", "widget: change line 2"]
LIST = "widget@lists.example.org"


@dataclass(frozen=True)
class PrepBranch:
    """A b4 prep branch of two patches, each with a safe fix."""

    repo: Repo
    strategy: str

    def run_patchpilot(self, command: str, *arguments: object) -> Outcome:
        return self.repo.patchpilot(command, *arguments)

    @property
    def b4_info(self) -> dict[str, str]:
        return dict(
            line.split(": ", 1)
            for line in run_b4(self.repo, "prep", "--show-info").stdout.splitlines()
        )

    @property
    def base_id(self) -> str:
        return self.repo.git("rev-parse master")

    @property
    def cover_id(self) -> str:
        return self.repo.git("log --format=%H -F '--grep=--- b4-submit-tracking ---' master..")

    @property
    def cover_text(self) -> str:
        cover_message = (
            self.repo.git("show -s --format=%B", self.cover_id)
            if self.cover_id
            else self.repo.git("config branch.b4/widget.description")
        )
        return cover_message.strip()

    @property
    def patch_ids(self) -> list[str]:
        ids = self.repo.git("rev-list --reverse master..").split()
        return [commit for commit in ids if commit != self.cover_id]

    def read_messages(self) -> list[str]:
        return [self.repo.git("show -s --format=%B", patch) for patch in self.patch_ids]

    def assert_b4_accepts_branch(self) -> None:
        """Assert that b4 accepts the branch, and formats its patches and cover letter in the right
        order.
        """
        assert (
            self.b4_info["cover-subject"],
            self.b4_info["base-commit"],
        ) == (
            "widget: two lines were wrong",
            self.base_id,
        )
        if self.cover_id:
            assert self.repo.git("diff", f"{self.cover_id}^", self.cover_id) == ""
            commit_ids = self.repo.git("rev-list --reverse master..").split()
            assert commit_ids.index(self.cover_id) == (
                0 if self.strategy == "commit" else len(commit_ids) - 1
            )
        output_folder = self.repo.path.parent / "b4-out"
        shutil.rmtree(output_folder, ignore_errors=True)
        run_b4(self.repo, "send", "--no-sign", "-o", str(output_folder))
        subjects = [
            str(message_from_bytes(file.read_bytes())["Subject"])
            for file in sorted(output_folder.iterdir())
        ]
        assert [subject.partition("] ")[2] for subject in subjects] == [
            "widget: two lines were wrong",
            *TITLES,
        ]


@pytest.fixture(scope="module")
def prep_branches(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Path], Repo]:
    """Return a function that copies a branch created by b4 with a given strategy."""
    workdir = tmp_path_factory.mktemp("prep")

    def copy_branch(strategy: str, folder: Path) -> Repo:
        if not (workdir / strategy).exists():
            repo = create_prep_repository(
                workdir / strategy, strategy, 2, cover=COVER_V1, line_ending=" "
            )
            run_b4(repo, "prep", "--set-prefixes", "RFC", "net")
        shutil.copytree(workdir / strategy, folder)
        repo = Repo.__new__(Repo)
        repo.path, repo._clock = folder, 1_800_000_000
        repo.git("update-index -q --refresh")
        # set a mail server, because b4 would use its web endpoint without one
        repo.git("config --global sendemail.smtpserver 127.0.0.1")
        return repo

    return copy_branch


@pytest.fixture(params=STRATEGIES)
def branch(
    request: pytest.FixtureRequest,
    prep_branches: Callable[[str, Path], Repo],
    tmp_path: Path,
) -> PrepBranch:
    return PrepBranch(prep_branches(request.param, tmp_path / "r"), request.param)


def test_check_reads_the_patches(branch: PrepBranch) -> None:
    result = json.loads(branch.run_patchpilot("check --format json").out)
    assert [patch["commit"] for patch in result["patches"]] == branch.patch_ids
    assert {finding["name"] for patch in result["patches"] for finding in patch["findings"]} >= {
        "trailing-space"
    }


def test_check_fix_keeps_the_cover_letter(branch: PrepBranch) -> None:
    cover = branch.cover_text
    outcome = branch.run_patchpilot("check --fix")
    assert outcome.code in (0, 1), outcome.err
    for patch in branch.patch_ids:
        assert "; \n" not in branch.repo.git("show", f"{patch}:widget.c") + "\n"
    assert branch.cover_text == cover
    assert branch.repo.git("status --porcelain") == ""
    branch.assert_b4_accepts_branch()


def test_maintainers_includes_cover_contacts(branch: PrepBranch) -> None:
    (result,) = json.loads(branch.run_patchpilot("maintainers --format json").out)["results"]
    people = {recipient["email"]: recipient for recipient in result["recipients"]}
    assert people["mona@example.org"]["header"] == "to"
    assert "To: in b4's cover letter" in people["mona@example.org"]["reasons"]
    assert "wilma@example.org" in people
    assert "Cc: in b4's cover letter" in people[LIST]["reasons"]


@pytest.mark.parametrize("command", ["fixes", "stable", "backport"])
def test_single_commit_commands_use_the_latest_patch(branch: PrepBranch, command: str) -> None:
    arguments = ["--onto", "master"] if command == "backport" else []
    outcome = branch.run_patchpilot(
        command,
        "--format",
        "json",
        *arguments,
        *([branch.patch_ids[-1]] if command == "backport" else []),
    )
    assert outcome.code in (0, 1), outcome.err
    assert json.loads(outcome.out)["commit"] == branch.patch_ids[-1]


@pytest.mark.parametrize("branch", ["commit", "tip-commit"], indirect=True)
@pytest.mark.parametrize(
    "command",
    ["check", "maintainers", "fixes", "stable", "backport", "prepare", "draft", "send"],
)
def test_cover_letter_cannot_be_a_target(branch: PrepBranch, command: str) -> None:
    outcome = branch.run_patchpilot(
        command,
        *(["--signoff", "--yes"] if command == "prepare" else []),
        branch.cover_id,
    )
    assert outcome.code == 2, outcome.out
    assert "is b4's cover letter, not a patch" in outcome.err


def test_prepare_and_undo_keep_the_cover_letter(branch: PrepBranch) -> None:
    tip, cover = branch.repo.git("rev-parse HEAD"), branch.cover_text
    outcome = branch.run_patchpilot(
        "prepare --fixes none --trailer 'Cc: Carl <carl@example.org>' --yes"
    )
    assert outcome.code == 0, outcome.err
    assert all("Cc: Carl <carl@example.org>" in message for message in branch.read_messages())
    assert branch.cover_text == cover
    branch.assert_b4_accepts_branch()
    assert branch.run_patchpilot("undo restore").code == 0
    assert (branch.repo.git("rev-parse HEAD"), branch.cover_text) == (
        tip,
        cover,
    )


def test_reviewer_trailers_are_written(branch: PrepBranch, tmp_path: Path) -> None:
    cover, out, thread = (
        branch.cover_text,
        tmp_path / "out",
        tmp_path / "thread.mbox",
    )
    assert branch.run_patchpilot("send --to", LIST, "--outbox", out, "--force", "x").code == 0
    mails = [file.read_bytes() for file in sorted(out.iterdir())]
    first = str(message_from_bytes(mails[0])["Message-ID"])
    review = (
        f"From: Rita Reviewer <rita@example.org>\nTo: {LIST}\nSubject: Re: [PATCH RFC net 0/2]"
        " widget: two lines were wrong\nDate: Fri, 20 Nov 2026 12:00:00 +0000\nMessage-ID:"
        f" <r1@example.org>\nIn-Reply-To: {first}\nReferences: {first}\n\nFor the"
        " series:\n\nReviewed-by: Rita Reviewer <rita@example.org>\n"
    ).encode()
    thread.write_bytes(
        b"".join(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.rstrip(b"\n") + b"\n\n"
            for mail in (*mails, review)
        )
    )
    assert branch.run_patchpilot("track add --mbox", thread).code == 0
    outcome = branch.run_patchpilot("trailers --yes")
    assert outcome.code == 0, outcome.err
    assert all(
        "Reviewed-by: Rita Reviewer <rita@example.org>" in message
        for message in branch.read_messages()
    )
    assert branch.cover_text == cover
    branch.assert_b4_accepts_branch()


def test_draft_edits_b4_data(branch: PrepBranch) -> None:
    run_b4(branch.repo, "prep", "--force-revision", "2")
    result = json.loads(branch.run_patchpilot("draft --format json").out)
    draft, ours = result["draft"], result["b4"]
    assert (draft["version"], draft["prefix"]) == (2, "PATCH RFC net")
    assert (draft["cover_subject"], ours["strategy"], ours["base"]) == (
        "widget: two lines were wrong",
        branch.strategy,
        branch.base_id,
    )
    arguments = (
        "--cover-subject",
        "widget: both lines",
        "--changelog",
        "- line 2 as well",
        "--subject-prefix",
        "PATCH net",
        "-v",
        "4",
    )
    # the backup branch still has the old cover letter; `send` asks for confirmation if the user
    # only fetched the branch
    branch.repo.git("branch backup")
    assert branch.run_patchpilot("draft", *arguments).code == 0
    known = branch.b4_info
    assert (known["change-id"], known["cover-subject"]) == (
        draft["change_id"],
        "widget: both lines",
    )
    assert (known["prefixes"], known["revision"]) == ("net", "4")
    assert "Changes in v4:\n- line 2 as well" in branch.cover_text
    assert "To: Mona Maintainer <mona@example.org>" in branch.cover_text
    assert json.loads(branch.run_patchpilot("draft --format json").out)["draft"]["changelogs"][
        "4"
    ].endswith("- line 2 as well")


def send_branch(branch: PrepBranch, server: FaultySink, *arguments: str) -> list[Message]:
    """Send the branch, overriding findings, and return the received messages."""
    result = branch.run_patchpilot("send --force x --yes", *arguments)
    assert result.code == 0, result.err
    return [
        message_from_bytes(received_mail.data.replace(b"\r\n", b"\n"))
        for received_mail in server.take()
    ]


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_send_and_b4_share_their_data(branch: PrepBranch, via: str) -> None:
    with FaultySink() as server:
        configure_mail_server(branch.repo, server)
        cover, *patches = send_branch(branch, server, "--via", via)
        assert [str(patch["Subject"]) for patch in (cover, *patches)] == [
            f"[PATCH RFC net {index}/2] {title}"
            for index, title in enumerate(["widget: two lines were wrong", *TITLES])
        ]
        for mail in (cover, *patches):
            assert "mona@example.org" in str(mail["To"])
            assert LIST in f"{mail['To']} {mail['Cc']}"
        text = str(cover.get_payload())
        assert "Both lines were read back as zero." in text
        assert "a comment of b4's template" not in text
        assert "\nTo: " not in text
        assert re.findall(r"^base-commit: (\w+)$", text, re.MULTILINE) == [branch.base_id]
        known = branch.b4_info
        assert f"change-id: {known['change-id']}\n" in text
        assert "prerequisite" not in text
        assert "2 files" not in text
        assert "Ada" in text
        # b4's tracking data contains this send, like after `b4 send`
        first = str(cover["Message-ID"]).strip("<>")
        assert (known["revision"], known["series-v1"].split()[-1]) == ("2", first)
        assert run_b4(branch.repo, "prep", "--compare-to", "v1").stdout.count(" = ") == 2
        branch.assert_b4_accepts_branch()
        # send the next version with b4
        run_b4(branch.repo, "prep", "--set-prefixes", "net")
        text = branch.cover_text.partition("--- b4-submit-tracking ---")[0]
        assert "Changes in v2:" in text
        assert first in text
        run_b4(
            branch.repo,
            "-c",
            "b4.prep-pre-flight-checks=disable-all",
            "send",
            "--no-sign",
            stdin="\n",
        )
        subjects = [
            str(message_from_bytes(received.data)["Subject"]) for received in server.take()[3:]
        ]
        assert len(subjects) == 3
        assert all("v2" in subject for subject in subjects)
    assert branch.b4_info["revision"] == "3"
    assert json.loads(branch.run_patchpilot("draft --format json").out)["draft"]["version"] == 3
    # b4 resends its last version, not the next one
    document = json.loads(branch.run_patchpilot("send --resend --dry-run --format json").out)
    assert not {"no-changelog", "version-sent"} & {
        refusal["name"] for refusal in document["refusals"]
    }
    with FaultySink() as server:
        configure_mail_server(branch.repo, server)
        mails = send_branch(branch, server, "--via", via, "--resend")
    assert len(mails) == 3
    for mail in mails:
        assert {"RESEND", "net", "v2"} <= set(re.findall(r"\w+", str(mail["Subject"])))


KILLED = """
import os, signal, sys
from patchpilot.cli import main
from patchpilot.sending import mails as send
send.record_finished_send = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main.run(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("strategy", "command"),
    zip(
        STRATEGIES,
        (["draft"], ["draft"], ["doctor"]),
        strict=True,
    ),
)
def test_send_that_was_killed_is_recorded_for_b4(
    prep_branches: Callable[[str, Path], Repo],
    tmp_path: Path,
    strategy: str,
    command: list[str],
) -> None:
    branch = PrepBranch(prep_branches(strategy, tmp_path / "r"), strategy)
    with FaultySink() as server:
        configure_mail_server(branch.repo, server)
        arguments = ("send", "-C", str(branch.repo.path), "--force", "x", "--yes")
        outcome = subprocess.run(
            [sys.executable, "-c", KILLED, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert outcome.returncode == -signal.SIGKILL, outcome.stderr
        first, *others = [
            str(message_from_bytes(received.data)["Message-ID"]).strip("<>")
            for received in server.take()
        ]
        assert len(others) == 2
        assert first not in branch.cover_text
        code = branch.run_patchpilot(*command).code
        assert command == ["doctor"] or code == 0
        info, cover = branch.b4_info, branch.cover_text
        assert (info["revision"], info["series-v1"].split()[-1]) == ("2", first)
        assert "Both lines were read back as zero." in cover
        assert "Changes in v2:" in cover
        assert branch.repo.git("tag --list sent/*") == f"sent/{info['change-id']}-v1"
        assert json.loads(branch.run_patchpilot("track --format json").out)["series"]
        branch.assert_b4_accepts_branch()
        # the command updates b4's data only once
        tip = branch.repo.git("rev-parse HEAD")
        branch.run_patchpilot(*command)
        assert (
            branch.repo.git("rev-parse HEAD"),
            branch.cover_text,
            len(server.take()),
        ) == (
            tip,
            cover,
            3,
        )


def test_single_patch_has_its_cover_below_the_cut(tmp_path: Path) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit", 1, cover=COVER_V1)
    branch = PrepBranch(repo, "commit")
    with FaultySink() as server:
        configure_mail_server(repo, server)
        (mail,) = send_branch(branch, server, "--to", LIST)
    message, _, notes = str(mail.get_payload()).partition("\n---\n")
    assert "read back as zero" not in message
    assert "Both lines were read back as zero." in notes
    assert "Signed-off-by" not in notes
    assert f"base-commit: {branch.base_id}\n" in notes


def test_patches_above_a_tip_commit_are_sent_by_git_only(
    tmp_path: Path,
) -> None:
    repo = create_prep_repository(
        tmp_path / "r", "tip-commit", 2, cover=COVER_V1, patches_above=True
    )
    branch = PrepBranch(repo, "tip-commit")
    with FaultySink() as server:
        configure_mail_server(repo, server)
        refused_outcome = branch.run_patchpilot("send --via b4 --to", LIST, "--force", "x", "--yes")
        assert (
            refused_outcome.code,
            "b4 sends only the commits before its cover letter commit" in refused_outcome.err,
        ) == (1, True)
        mails = send_branch(branch, server, "--to", LIST)
    assert len(mails) == 3
    assert f"base-commit: {branch.base_id}\n" in str(mails[0].get_payload())


def test_prerequisites_and_prefix_match_b4(
    tmp_path: Path,
) -> None:
    repo = create_prep_repository(tmp_path / "r", "branch-description", 2, cover=COVER_V1)
    branch = PrepBranch(repo, "branch-description")
    needs = ["change-id: 20260101-other-0123456789ab:v1", "patch-id: " + "a" * 40]
    tracking = json.loads(repo.git("config branch.b4/widget.b4-tracking"))
    tracking["series"] |= {"prerequisites": needs, "presubject": "[widget]"}
    repo.git("config branch.b4/widget.b4-tracking", json.dumps(tracking))
    with FaultySink() as server:
        configure_mail_server(repo, server)
        output_folder = tmp_path / "by-b4"
        run_b4(repo, "send", "--no-sign", "-o", str(output_folder))
        theirs = [message_from_bytes(file.read_bytes()) for file in sorted(output_folder.iterdir())]
        ours = send_branch(branch, server, "--to", LIST)
    assert [str(our["Subject"]) for our in ours] == [str(their["Subject"]) for their in theirs]
    foot = re.compile(r"^(?:base-commit|change-id|prerequisite-[a-z-]+): .*$", re.MULTILINE)
    assert sorted(foot.findall(str(ours[0].get_payload()))) == sorted(
        foot.findall(str(theirs[0].get_payload()))
    )
    assert len(foot.findall(str(ours[0].get_payload()))) == 4
