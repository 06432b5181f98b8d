# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `send` treats patches for stable as backports."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.draft import Draft
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.check_backports import warn_about_backports
from patchpilot.sending.concurrent_sends import (
    find_earlier_sends,
    find_later_sends,
    refuse_concurrent_sends,
)
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.plan_rows import format_plan_rows
from patchpilot.series.change_id import make_change_id
from patchpilot.tracking.follow_series import track_series_in_mbox
from tests.kit.mails import (
    ADA,
    build_described_mail,
    build_mbox,
    build_patch_mail,
    build_stable_failure_notice,
    build_stable_queue_notice,
)
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server, unpacked

AUTHOR = "Ann Author <ann@author.example>"
SIGNED = "Signed-off-by: Mia Maintainer <mia@maint.example>"
RING = ["int ring(int n)", "{", *(f"\tstep({number});" for number in range(1, 30)), "}"]
MAINTAINERS = """\
Maintainers

RING
M:\tMia Maintainer <mia@maint.example>
L:\tring@lists.example.org
F:\tdrivers/

THE REST
L:\tlinux-kernel@vger.kernel.org
F:\t*
F:\t*/
"""


def edit(old: str, new: str, lines: list[str] | None = None) -> dict[str, str]:
    text = "\n".join(lines or RING) + "\n"
    assert old in text
    return {"drivers/ring.c": text.replace(old, new)}


def make_draft(mark: str) -> Draft:
    return Draft("", "", None, prefix=mark)


class StableWorld:
    """A clone with mainline, two stable branches that have a bug, and a backport of its fix."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.repo.git("config --global sendemail.smtpserver 127.0.0.1")
        tree = {"MAINTAINERS": MAINTAINERS, "Kbuild": "", "init/main.c": "", "CREDITS": ""}
        makefile = "VERSION = 6\nPATCHLEVEL = {}\nSUBLEVEL = {}\n"
        self.repo.commit(
            f"Linux 6.6\n\n{SIGNED}", {**tree, **edit("{", "{"), "Makefile": makefile.format(6, 0)}
        )
        self.culprit = self.repo.commit(
            f"ring: add n\n\n{SIGNED}", edit("step(20)", "step(20 + n)")
        )
        self.repo.tag("v6.6")
        for version in ("6.6", "6.12"):
            self.repo.branch(f"linux-{version}.y", "v6.6")
            minor = version.partition(".")[2]
            self.repo.commit(f"Linux {version}.1", {"Makefile": makefile.format(minor, 1)})
            self._publish(f"linux-{version}.y")
        self.repo.checkout("master")
        self.repo.commit("Linux 6.13", {"Makefile": makefile.format(13, 0)})
        self.fixed = edit("step(20)", "step(20 - n)")
        self.fix = self.repo.commit(
            "ring: subtract n\n\nThe ring overflows.\n\n"
            f'Fixes: {self.culprit[:12]} ("ring: add n")\n'
            f"Reported-by: Rob Reporter <rob@report.example>\n{SIGNED}",
            self.fixed,
            author=AUTHOR,
        )
        self._publish("master")
        self.message = self.repo.git(f"log -1 --format=%B {self.fix}")

    def _publish(self, branch: str) -> None:
        self.repo.git(f"update-ref refs/remotes/origin/{branch} HEAD")

    def start_backport(
        self, start: str, files: dict[str, str] | None = None, note: str = "", below: str = ""
    ) -> None:
        self.repo.branch("topic", start)
        subject, _, body = self.message.partition("\n\n")
        text = f"{subject}\n\ncommit {self.fix} upstream.\n\n{body}\n{note}Signed-off-by: {ADA}"
        text += f"\n{below}" if below else ""
        self.repo.commit(text, files or self.fixed, author=AUTHOR)

    def plan(self, prefix: str | None = None) -> Sending:
        with Repository.open(self.repo.path) as repository:
            return plan_sending(repository, SendRequest(prefix=prefix, offline=True))

    def plan_files(self, *options: str) -> Sending:
        folder = self.repo.path.parent / "out"
        self.repo.git(
            "format-patch", "-q", "-1", "--to=stable@vger.kernel.org", *options, "-o", str(folder)
        )
        with Repository.open(self.repo.path) as repository:
            return plan_sending(repository, SendRequest(target=str(folder), offline=True))

    def list_warnings(self, mark: str) -> tuple[SendProblem, ...]:
        with Repository.open(self.repo.path) as repository:
            return warn_about_backports(
                repository, make_draft(mark), (repository.resolve("topic"),)
            )

    def warn(self, mark: str) -> set[str]:
        return {problem.name for problem in self.list_warnings(mark)}


@pytest.fixture
def world(tmp_path: Path) -> StableWorld:
    return StableWorld(tmp_path / "clone")


def test_backport_goes_to_stable_and_the_contacts_of_the_mainline_commit(
    world: StableWorld,
) -> None:
    world.start_backport("origin/linux-6.12.y")
    sending = world.plan()
    assert not sending.blockers
    assert "[PATCH 6.12.y] ring: subtract n" in sending.send.entries[0].subject
    headers = {recipient.address.email: recipient.header for recipient in sending.recipients}
    assert headers == {
        "stable@vger.kernel.org": "to",
        "ann@author.example": "cc",
        "mia@maint.example": "cc",
        "rob@report.example": "cc",
    }
    assert not {"check-warnings", "merge-window"} & {problem.name for problem in sending.warnings}
    outcome = world.repo.patchpilot("maintainers")
    assert "To: stable@vger.kernel.org" in outcome.out
    assert "ring@lists.example.org" not in outcome.out


def test_fixes_tag_of_a_backport_is_judged_in_mainline(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y")
    assert "not an ancestor" not in world.repo.patchpilot("fixes --verify HEAD").out
    assert world.repo.patchpilot("check").code == 0


def test_patch_for_stable_without_a_mainline_commit_has_no_other_recipient_in_to(
    world: StableWorld,
) -> None:
    world.repo.branch("topic", "origin/linux-6.12.y")
    world.repo.commit(f"ring: step on\n\nIt hangs.\n\nSigned-off-by: {ADA}", edit("(3)", "(4)"))
    headers = {one.address.email: one.header for one in world.plan("PATCH 6.12.y").recipients}
    assert [email for email, header in headers.items() if header == "to"] == [
        "stable@vger.kernel.org"
    ]
    assert headers["mia@maint.example"] == headers["ring@lists.example.org"] == "cc"


@pytest.mark.parametrize("start", ["origin/master~1", "origin/linux-6.6.y"])
def test_patch_that_is_not_based_on_its_stable_branch_is_blocked(
    world: StableWorld, start: str
) -> None:
    world.start_backport(start)
    problems = {problem.name: problem for problem in world.plan("PATCH 6.12.y").blockers}
    assert problems["stable-base"].message == (
        "[PATCH 6.12.y], but not based on origin/linux-6.12.y"
    )


def test_unexplained_difference_from_mainline_is_reported(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y", edit("step(20)", "msleep(100);\n\tstep(20 - n)"))
    blockers = {problem.name: problem for problem in world.plan("PATCH 6.12.y").blockers}
    assert blockers["backport-differs"].message.startswith(
        f"ring: subtract n: changes other lines than upstream commit {world.fix[:12]}, without an"
        " explanation in its message: drivers/ring.c:22: not in upstream commit"
    )
    assert "'+msleep(100);'" in blockers["backport-differs"].message
    assert "backport-differs" not in {problem.name for problem in world.plan("PATCH net").blockers}


def test_explained_difference_and_changed_context_are_not_reported(world: StableWorld) -> None:
    world.start_backport(
        "origin/linux-6.12.y",
        edit("step(20)", "step(21 - n)"),
        note="[ Ada: the ring is larger here ]\n",
    )
    assert not world.plan("PATCH 6.12.y").blockers


NOTE = "[ Ada: the ring is larger here ]"


@pytest.mark.parametrize(
    ("note", "below", "is_unsigned"),
    [
        ("", NOTE, True),
        ("", f"\n{NOTE}\n", True),
        ("", f"{NOTE}\nSigned-off-by: {ADA}", False),
        (f"{NOTE}\n", "", False),
        (f"{NOTE}\n", "[ Ada: and the step is longer ]", False),
    ],
)
def test_note_below_every_sign_off_is_named(
    world: StableWorld, note: str, below: str, is_unsigned: bool
) -> None:
    files = edit("step(20)", "step(21 - n)")
    world.start_backport("origin/linux-6.12.y", files, note=note, below=below)
    assert ("unsigned-note" in world.warn("PATCH 6.12.y")) == is_unsigned
    plan = world.plan("PATCH 6.12.y")
    assert not plan.blockers
    warnings = {problem.name: problem.message for problem in plan.warnings}
    assert (repr(NOTE) in warnings.get("unsigned-note", "")) == is_unsigned


def test_unsigned_note_of_an_unchanged_backport_is_named(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y", world.fixed, below=NOTE)
    assert "unsigned-note" in world.warn("PATCH 6.12.y")


@pytest.mark.parametrize("declares", [False, True])
def test_undeclared_variable_of_a_backport_is_named(world: StableWorld, declares: bool) -> None:
    declared = [*RING[:2], "\tint total = n;", *RING[2:]]
    world.repo.commit(f"ring: count\n\n{SIGNED}", edit("step(20)", "step(20)", declared))
    world.fix = world.repo.commit(
        f"ring: subtract it\n\nThe ring overflows.\n\n{SIGNED}",
        edit("step(20)", "step(20 - total)", declared),
    )
    world.message = world.repo.git(f"log -1 --format=%B {world.fix}")
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    lines = declared if declares else RING
    world.start_backport(
        "origin/linux-6.12.y", edit("step(20)", "step(20 - total)", lines), f"{NOTE}\n"
    )
    for plan in world.plan("PATCH 6.12.y"), world.plan_files("--subject-prefix=PATCH 6.12.y"):
        named = [it.message for it in plan.warnings if it.name == "undeclared-variable"]
        text = "drivers/ring.c: the changed function does not declare total: it will not compile"
        assert named == ([] if declares else [text])


def test_newer_branch_without_the_fix_is_named(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.6.y")
    assert world.warn("PATCH 6.6.y") == {"newer-first"}


def test_newer_branch_that_queued_the_fix_is_named(world: StableWorld, tmp_path: Path) -> None:
    title = "ring: subtract n"
    mails = [build_patch_mail(f"[PATCH] {title}", id="first")]
    mails.append(build_stable_queue_notice(title, world.fix, "6.12", id="q", minutes=9))
    (tmp_path / "m").write_bytes(build_mbox(*mails))
    with Store() as store:
        track_series_in_mbox(tmp_path / "m", store=store)
    world.start_backport("origin/linux-6.6.y")
    (problem,) = world.list_warnings("PATCH 6.6.y")
    assert problem.message == f"{world.fix[:12]} is queued for 6.12, in no release yet"
    assert "first: 6.12 (queued)" in world.repo.patchpilot(f"backport {world.fix}").out


def test_newer_branch_for_which_a_backport_was_sent_is_no_problem(
    world: StableWorld, tmp_path: Path
) -> None:
    title = "ring: subtract n"
    mails = [build_patch_mail(f"[PATCH] {title}", id="first")]
    message = f"commit {world.fix} upstream.\n\nSubtract it."
    mails.append(build_stable_failure_notice(title, world.fix, "6.12", id="f", minutes=9))
    mails.append(build_described_mail(f"b+20>f [PATCH 6.12.y] {title}", message=message))
    (tmp_path / "m").write_bytes(build_mbox(*mails))
    with Store() as store:
        track_series_in_mbox(tmp_path / "m", store=store)
    world.start_backport("origin/linux-6.6.y")
    assert world.warn("PATCH 6.6.y") == set()
    assert "first: 6.12 (sent)" in world.repo.patchpilot(f"backport {world.fix}").out


def test_branch_that_has_the_fix_is_named(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y")
    world.repo.git("update-ref refs/remotes/origin/linux-6.12.y HEAD")
    assert world.warn("PATCH 6.12.y") == {"backport-not-needed"}


def test_backports_of_a_series_count_for_its_later_patches(world: StableWorld) -> None:
    lines = [*RING[:21], "\tstep(20 - n);", *RING[22:]]
    follow_up = edit("step(20 - n)", "step(20 - n - 1)", lines)
    correction = world.repo.commit(
        f'ring: subtract one more\n\nFixes: {world.fix[:12]} ("ring: subtract n")\n{SIGNED}',
        follow_up,
    )
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    world.start_backport("origin/linux-6.12.y")
    alone = world.repo.patchpilot("check HEAD").out
    assert f"{correction[:12]} (" in alone
    assert "does this branch need it?" in alone
    world.repo.commit(
        f"ring: subtract one more\n\ncommit {correction} upstream.\n\nFixes:"
        f' {world.fix[:12]} ("ring: subtract n")\n{SIGNED}\nSigned-off-by: {ADA}',
        follow_up,
    )
    names = {problem.name for problem in world.plan("PATCH 6.12.y").warnings}
    assert "backport-not-needed" not in names
    folder = world.repo.path.parent / "series"
    world.repo.git("format-patch", "-q", "-2", "-o", str(folder))
    world.repo.checkout("master")
    files = sorted(map(str, folder.iterdir()))
    outcome = world.repo.patchpilot("check", *files)
    assert "does this branch need it?" not in outcome.out
    # without the patch before it, the correction is not needed
    world.repo.checkout("topic")
    with Repository.open(world.repo.path) as repository:
        head = [repository.resolve("HEAD")]
        problems = warn_about_backports(repository, make_draft("PATCH 6.12.y"), head)
    assert "backport-not-needed" in {problem.name for problem in problems}


def test_cherry_picked_backport_names_the_failure_that_it_answers(
    world: StableWorld, tmp_path: Path
) -> None:
    title = "ring: subtract n"
    failed = [
        build_stable_failure_notice(title, world.fix, version, id=f"failed-{version}")
        for version in ("6.6", "6.12")
    ]
    file = tmp_path / "mbox"
    file.write_bytes(build_mbox(build_patch_mail(f"[PATCH] {title}", id="first"), *failed))
    with Store() as store:
        track_series_in_mbox(file, store=store)
    world.start_backport("origin/linux-6.6.y")
    plan = world.plan("PATCH 6.6.y")
    problem = {problem.name: problem for problem in plan.warnings}["failure-unanswered"]
    assert not any("failure" in question.name for question in plan.open_questions)
    assert "<failed-6.6@example.org>" in problem.message
    command = "patchpilot send --in-reply-to '<failed-6.6@example.org>'"
    assert str(problem.hint) == f"reply to it: `{command}`"
    reply = SendRequest(prefix="PATCH 6.6.y", in_reply_to="failed-6.6@example.org", offline=True)
    with Repository.open(world.repo.path) as repository:
        plan = plan_sending(repository, reply)
    assert "failure-unanswered" not in {problem.name for problem in plan.warnings}


def test_patch_file_is_checked_like_its_commit(world: StableWorld) -> None:
    files = edit("step(20)", "step(21 - n)")
    world.start_backport("origin/linux-6.6.y", files, below=NOTE)
    commit, patch = world.plan("PATCH 6.6.y"), world.plan_files("--subject-prefix=PATCH 6.6.y")
    for plan in (commit, patch):
        warnings = {problem.name: problem.message for problem in plan.warnings}
        assert {"newer-first", "unsigned-note"} <= {*warnings}
        assert "origin/linux-6.12.y lacks" in warnings["newer-first"]
        assert not plan.blockers


def test_patch_file_with_unexplained_lines_is_blocked(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.6.y", edit("step(20)", "step(21 - n)"))
    plan = world.plan_files("--subject-prefix=PATCH 6.6.y")
    assert [problem.name for problem in plan.blockers] == ["backport-differs"]
    other = world.plan_files("--subject-prefix=PATCH net")
    assert "backport-differs" not in {problem.name for problem in other.blockers}


def test_same_patch_for_another_branch_was_not_sent(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y")
    first = world.plan_files("--subject-prefix=PATCH 6.12.y")
    with Outbox() as outbox:
        send = outbox.add(first.send)
        outbox.mark(send.id, 0, Outcome(MailState.ACCEPTED))
        other = world.plan_files("--subject-prefix=PATCH 6.6.y")
        assert not other.before
        assert "already-sent" not in {problem.name for problem in other.blockers}
        refuse_concurrent_sends(outbox, other)
        outbox.mark(outbox.add(other.send).id, 0, Outcome(MailState.ACCEPTED))
        assert not find_later_sends(send)
    same = replace(first.draft, change_id=make_change_id("another topic"))
    for prefix, earlier in (("PATCH 6.12.y", [send.id]), ("PATCH net", [])):
        draft = replace(same, prefix=prefix, stable="")
        assert [sent.id for sent in find_earlier_sends(draft)] == earlier


def test_written_backport_has_a_second_version(world: StableWorld, tmp_path: Path) -> None:
    """Test the commands that the hints about patch files name, up to v2."""
    repo, answers = world.repo, ("--security=no", "--regression=no", "--tested=built", "--yes")
    with FaultySink() as server:
        configure_mail_server(repo, server)
        options = ("--onto", "6.12", "--write", tmp_path, "--signoff")
        repo.patchpilot("backport", world.fix, *options).expect(0)
        (file,) = (tmp_path / "6.12").iterdir()
        repo.patchpilot("send", file, *answers).expect(0)
        note = "[ Ada: the ring is larger here ]\nSigned-off-by: Ada"
        text = file.read_text().replace("+\tstep(20 - n)", "+\tstep(21 - n)")
        file.write_text(text.replace("Signed-off-by: Ada", note))
        outcome = repo.patchpilot("send", file, *answers)
        outcome.expect(1, f"`patchpilot send --reroll {file}` sends the next version")
        reroll = ("send", "--reroll", file, *answers)
        outcome = repo.patchpilot(*reroll)
        outcome.expect(1, "- EDITME changed: ring", f"patchpilot draft --edit {file}")
        repo.patchpilot("draft", "--changelog", "- go to 21", file).expect(0)
        repo.patchpilot(*reroll).expect(0)
        first, second = map(parse_mail, map(unpacked, server.take()))
    assert second.subject == "[PATCH 6.12.y v2] ring: subtract n"
    again = repo.patchpilot("backport", world.fix, *options[:3], tmp_path / "again", "--all")
    assert f"patchpilot send --reroll {tmp_path}/again/6.12/*.patch" in again.out
    world.start_backport("v6.6")
    hint = (
        "the next version of [PATCH 6.12.y], sent from this clone: patchpilot send --reroll"
        f" {file}; or send v1"
    )
    repo.patchpilot("send --reroll --base v6.6").expect(2, hint)
    assert f"- go to 21\n- Link to v1: https://lore.kernel.org/r/{first.message_id}" in second.body


def test_person_with_two_addresses_is_counted_once(world: StableWorld) -> None:
    world.start_backport("origin/linux-6.12.y")
    sending = world.plan()
    (mia,) = (it for it in sending.recipients if it.address.email == "mia@maint.example")
    other = mia._replace(address=mia.address._replace(email="mia@home.example"))
    sending = replace(sending, recipients=(*sending.recipients, other))
    rows = {row.key: row.text for row in format_plan_rows(sending)}
    assert rows["people"].count("Mia Maintainer") == 1
    assert rows["reach"].startswith("to 3 people")


def test_sent_backport_is_listed_with_its_branch(world: StableWorld) -> None:
    with FaultySink() as server:
        configure_mail_server(world.repo, server)
        world.start_backport("origin/linux-6.12.y")
        answers = ("--security=no", "--regression=no", "--tested=built", "--yes")
        world.repo.patchpilot("send", *answers).expect(0)
        assert "[6.12.y] ring: subtract n" in world.repo.patchpilot("track --offline").out
