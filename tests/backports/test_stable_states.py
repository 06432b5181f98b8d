# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the backports that were sent or are in review are known to the verdicts."""

from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.backports.branch_verdicts import BackportRequest, compute_backport_verdicts
from patchpilot.backports.write import recall_backport
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import REQUESTS, name_patches_mark
from patchpilot.tracking import follow_series
from patchpilot.tracking.stable_reports import sign_stable_reports
from patchpilot.tui.build_app import create_app
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage
from tests.kit.backport_world import World
from tests.kit.mails import (
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server
from tests.kit.walk import keys, settle, text_of, until

TITLE = "work: do not forget step 20"
QUICK = ("--effort", "0")


def build_backport(commit: str, minutes: int) -> bytes:
    body = f"commit {commit} upstream.\n\nIt was lost.\n\nSigned-off-by: Ada <ada@example.org>\n"
    diff = "---\ndiff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-a\n+b\n"
    return build_mail(
        f"[PATCH 6.6.y] {TITLE}",
        body + diff,
        sender="Ada <ada@example.org>",
        id="sent",
        reply_to="failed",
        minutes=minutes,
    )


def track_reports(world: World, folder: Path, *states: str) -> None:
    """Track the series of the fix, with messages about 6.6 in this order."""
    mails = [build_patch_mail(f"[PATCH] {TITLE}", id="first")]
    for minutes, state in enumerate(states, 100):
        if state == "reviewed":
            text = "This is wrong, please fix the error path and send a new version."
            title = f"[PATCH 6.6.y] {TITLE}"
            mails.append(build_reply(title, text, reply_to="sent", id=state, minutes=minutes))
            continue
        build = {
            "failed": build_stable_failure_notice,
            "review": build_stable_review,
            "queued": build_stable_queue_notice,
        }
        if state == "posted":
            mails.append(build_backport(world.fix, minutes))
        else:
            mails.append(build[state](TITLE, world.fix, "6.6", id=state, minutes=minutes))
    file = folder / "tracked.mbox"
    file.write_bytes(build_mbox(*mails))
    with Store() as store:
        follow_series.track_series_in_mbox(file, store=store)


@pytest.mark.parametrize(
    ("states", "shown", "next_step"),
    [
        (("failed", "review"), "under review: 2024-03-04 <review@example.org>", "under review"),
        (("failed", "queued"), "queued: 2024-03-04 <queued@example.org>", "queued"),
        (
            ("failed", "posted"),
            "backport sent: 2024-03-04 <sent@example.org>",
            "sent 2024-03-04; wait for the stable maintainer",
        ),
        (("posted", "failed"), "failed: the stable maintainers could not apply it:", None),
        (("failed",), "failed: the stable maintainers could not apply it:", None),
    ],
)
def test_review_of_a_failed_fix_is_shown_instead_of_the_failure(
    world: World, tmp_path: Path, states: tuple[str, ...], shown: str, next_step: str | None
) -> None:
    world.create_renamed_branch()
    track_reports(world, tmp_path, *states)
    text = " ".join(world.run_backport(world.fix, *QUICK).out.split())
    assert shown in text
    assert ("could not apply it" in text) == (next_step is None)
    if next_step:
        assert f"linux-6.6.y {shown.partition(':')[0]}" in text
        assert f"next: wait for 6.6: {next_step}" in text
    else:
        assert "next: patchpilot backport" in text
    branch = world.read_branch_result(world.fix, *QUICK)
    assert branch["reported"]["state"] == states[-1]


def test_requested_changes_come_before_waiting(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    track_reports(world, tmp_path, "failed", "posted", "reviewed")
    text = " ".join(world.run_backport(world.fix, *QUICK).out.split())
    assert "linux-6.6.y backport sent: changes requested" in text
    edit = "next: edit its patch files, then send them with --reroll"
    assert f"{edit}: patchpilot send --reroll FILES" in text


def test_requested_changes_name_the_written_patches(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    out = tmp_path / "out"
    assert world.run_backport(world.fix, "--write", out, "--signoff").code == 0
    track_reports(world, tmp_path, "failed", "posted", "reviewed")
    document = world.read_backport_json(world.fix)
    assert document["next_commands"] == [f"patchpilot send --reroll {out / '6.6'}"]
    text = " ".join(world.run_backport(world.fix).out.split())
    assert f"next: edit the patches in {out / '6.6'}, then send them with --reroll: " in text


def test_requested_changes_name_the_branch_that_was_sent(world: World, tmp_path: Path) -> None:
    repo = world.repo
    world.create_stable_branch("6.6", world.culprit)
    repo.branch("mine", "linux-6.6.y")
    repo.git("cherry-pick -x -s", world.groundwork, world.fix)
    with FaultySink() as server:
        configure_mail_server(repo, server)
        prefix = ("--subject-prefix", "PATCH 6.6.y")
        outcome = repo.patchpilot("send", *prefix, "--yes", "--force", "x")
        assert outcome.code == 0, outcome.err
        *_, fix = (mail.data.replace(b"\r\n", b"\n") for mail in server.take())
        message_id = parse_mail(fix).message_id.encode()
        text = "This is wrong, please fix the error path and send a new version."
        reply = build_reply(f"[PATCH 6.6.y 2/2] {TITLE}", text, reply_to="x", minutes=10**8)
        file = tmp_path / "reply.mbox"
        file.write_bytes(build_mbox(fix, reply.replace(b"x@example.org", message_id)))
        with Store() as store:
            follow_series.track_series_in_mbox(file, store=store)
        repo.checkout("master")
        text = " ".join(world.run_backport(world.fix).out.split())
        command = "git switch mine && patchpilot send --reroll"
        assert f"next: change the commits of mine, then send them: {command}" in text
        repo.git("switch -q mine")
        again = repo.patchpilot("send", "--reroll", "--dry-run", "--force", "x")
        assert "[PATCH 6.6.y v2 2/2] work: do not forget step 20" in again.out, again.err


def test_merge_that_was_not_fetched_is_fetched_first(world: World, tmp_path: Path) -> None:
    repo = world.repo
    world.create_stable_branch("6.6", world.culprit)
    repo.git("branch mine")
    repo.git("reset -q --hard", world.groundwork)
    merged = "7" * 40
    with FaultySink() as server:
        configure_mail_server(repo, server)
        outcome = repo.patchpilot("send", "--yes", "--force", "x", "mine")
        assert outcome.code == 0, outcome.err
        (patch,) = (mail.data.replace(b"\r\n", b"\n") for mail in server.take())
    unmerged = " ".join(world.run_backport("mine").out.split())
    assert "not in mainline yet" in unmerged
    message_id = parse_mail(patch).message_id.encode()
    queued = build_stable_queue_notice(TITLE, merged, "6.18", reply_to="x", minutes=10**8)
    file = tmp_path / "queued.mbox"
    file.write_bytes(build_mbox(patch, queued.replace(b"x@example.org", message_id)))
    with Store() as store:
        follow_series.track_series_in_mbox(file, store=store)
    text = " ".join(world.run_backport("mine").out.split())
    assert f"merged as {merged[:12]}, not fetched yet: run git fetch --all --tags" in text
    assert "not in mainline" not in text
    assert "before you send" not in text
    assert "next: fetch the merge: `git fetch --all --tags`" in text


@pytest.mark.parametrize(
    ("tag", "step"),
    [
        ("v6.6.2", "6.6.y has it since v6.6.2: update to it"),
        ("", "6.6.y has it, but no release of it yet: wait for the next one"),
    ],
)
def test_release_is_updated_once_its_branch_has_the_fix(
    world: World, tmp_path: Path, tag: str, step: str
) -> None:
    repo = world.repo
    world.create_renamed_branch()
    repo.checkout("linux-6.6.y")
    makefile = "VERSION = 6\nPATCHLEVEL = 6\nSUBLEVEL = 1\nEXTRAVERSION =\n"
    repo.commit("Linux 6.6.1", {"Makefile": makefile})
    repo.git("tag v6.6.1")
    repo.checkout("master")
    track_reports(world, tmp_path, "failed", "posted")
    onto = ("--onto", "v6.6.1", *QUICK)
    assert "wait for the stable maintainer" in world.run_backport(world.fix, *onto).out
    mark_sent(REQUESTS, name_patches_mark(world.fix[:12], "6.6"))
    repo.checkout("linux-6.6.y")
    repo.commit(f"{TITLE}\n\ncommit {world.fix} upstream.\n", {"w.c": "fixed();\n"})
    if tag:
        repo.git("tag", tag)
    repo.checkout("master")
    text = " ".join(world.run_backport(world.fix, *onto).out.split())
    assert f"next: {step}" in text
    assert "backport sent" not in text
    assert "wait for the stable maintainer" not in text
    assert "v6.6.1 conflict" in text


def test_reviewed_branch_is_not_written_again(world: World, tmp_path: Path) -> None:
    """Other branches still are: the next command names them."""
    world.create_renamed_branch()
    world.create_stable_branch("6.12", world.culprit)
    track_reports(world, tmp_path, "review")
    document = world.read_backport_json(world.fix)
    (command,) = document["next_commands"]
    assert "--write" in command
    assert "--onto linux-6.12.y" in command
    assert "6.6" not in command


def test_sent_backport_of_an_untracked_fix_is_known(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    with FaultySink() as server:
        configure_mail_server(world.repo, server)
        out = tmp_path / "out"
        assert world.run_backport(world.fix, "--write", out, "--signoff").code == 0
        before = world.read_branch_result(world.fix)
        reports = sign_stable_reports(world.fix)
        outcome = world.repo.patchpilot("send", out / "6.6", "--yes", "--force", "x")
        assert outcome.code == 0, outcome.err
    branch = world.read_branch_result(world.fix)
    assert ("sent" in before, "sent" in branch) == (False, True)
    sent = sign_stable_reports(reports)
    assert sent == sign_stable_reports(world.fix) != reports
    mark_sent(REQUESTS, name_patches_mark(world.fix, "6.6"))
    assert sign_stable_reports(sent) != sent, "a mark counts as well"
    assert sign_stable_reports("") == ""
    text = " ".join(world.run_backport(world.fix).out.split())
    assert "linux-6.6.y backport sent" in text
    assert "; wait for the stable maintainer" in text
    groundwork = world.read_branch_result(world.groundwork)
    assert "sent" in groundwork, "a prerequisite was sent as well"


def test_next_version_of_a_sent_backport_is_a_reroll(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    track_reports(world, tmp_path, "failed", "posted", "reviewed")
    for options in (("--resolve", "6.6"), ("--write", tmp_path / "out", "--all")):
        text = world.run_backport(world.fix, *options).out
        assert "patchpilot send --reroll /" in text
        assert "patchpilot send /" not in text
    with Repository.open(world.repo.path) as repository:
        (result,) = compute_backport_verdicts(repository, BackportRequest(world.fix))
    assert result.reports == sign_stable_reports(world.fix), "read once"
    (branch,) = result.branches
    recalled = recall_backport(world.fix, branch)
    assert recalled
    assert "patchpilot send --reroll /" in recalled.send


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("review",), "is under review"),
        (("failed", "posted"), "was sent"),
        (("queued",), "is queued"),
    ],
)
def test_request_names_the_backport_that_is_reviewed(
    world: World, tmp_path: Path, states: tuple[str, ...], words: str
) -> None:
    world.create_renamed_branch()
    world.create_stable_branch("6.12", world.groundwork)
    track_reports(world, tmp_path, *states)
    request = ("--request", "--all", "--tested", "6.12 by Tess Tester", *QUICK)
    mail = " ".join(world.run_backport(world.fix, *request).out.split())
    assert f"For 6.6, a backport {words}." in mail
    assert "conflicts on" not in mail


@pytest.mark.parametrize("others", [(), ("6.12",)])
def test_reviewed_fix_is_not_requested_again(
    world: World, tmp_path: Path, others: tuple[str, ...]
) -> None:
    for version in ("6.6", *others):
        world.create_stable_branch(version, world.groundwork)
    track_reports(world, tmp_path, "review")
    outcome = world.run_backport(world.fix, "--request", "--tested", "6.6 by Tess Tester", *QUICK)
    assert (outcome.code, "not requested: 6.6 under review" in outcome.err) == (2, True)


def test_own_backport_of_a_fix_by_another_author_is_awaited(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("config user.email ada@example.org")
    author = "Ada Author <author@example.org>"
    patch = build_patch_mail(f"[PATCH] {TITLE}", id="first", author=author)
    file = tmp_path / "tracked.mbox"
    file.write_bytes(build_mbox(patch, build_backport(world.fix, 100)))
    assert world.repo.patchpilot("track add <first@example.org> --mbox", file).code == 0
    step = "wait for the stable branch 6.6: the backport was sent"
    assert step in " ".join(world.repo.patchpilot("track show 1").out.split())


def test_backport_that_was_just_sent_is_awaited(world: World, tmp_path: Path) -> None:
    """No archive has it yet."""
    world.create_stable_branch("6.6", world.groundwork)
    track_reports(world, tmp_path, "failed")
    folder = tmp_path / "out" / "6.6"
    assert world.run_backport(world.fix, "--write", tmp_path / "out", "--signoff").code == 0

    def read_steps() -> list[str]:
        shown = [world.repo.patchpilot(it).out for it in ("track show 1", "track")]
        return [" ".join(it.split()) for it in shown]

    assert all("the backport was sent" not in it for it in read_steps())
    with FaultySink() as server:
        configure_mail_server(world.repo, server)
        sent = world.repo.patchpilot("send", folder, "--yes", "--force", "x")
        assert sent.code == 0, sent.err
    assert all("wait for the stable branch 6.6: the backport was sent" in it for it in read_steps())


def track_request(world: World, versions: str, text: str, *series: bytes) -> None:
    """Track the user's request for the fix, with an answer of the stable maintainers."""
    world.repo.git("config user.email ada@example.org")
    subject = f'Please apply {world.fix[:12]} ("{TITLE}") to {versions}'
    stable = {"sender": "Greg KH <gregkh@linuxfoundation.org>", "reply_to": "ask", "minutes": 60}
    answer = build_reply(subject, text, quote="Hi,", **stable)
    file = world.repo.path.parent / "request.mbox"
    file.write_bytes(build_mbox(*series, build_mail(subject, "Hi,\n", id="ask"), answer))
    for name in ("<ask@example.org>", *(["<first@example.org>"] if series else [])):
        outcome = world.repo.patchpilot("track add", name, "--mbox", file)
        assert outcome.code == 0, outcome.err


def test_recorded_test_is_used_for_the_request(world: World) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    for answer, tested in (("no", False), ("yes", True)):
        trial = ("--try", world.fix, "--in", "linux-6.6.y", "--works", answer)
        assert world.repo.patchpilot("find", *trial).code == 0
        request = f"patchpilot backport {world.fix[:12]} --request"
        step = f"ask for it: {request} --tested" if tested else f"then ask: {request}"
        assert step in " ".join(world.run_backport(world.fix, *QUICK).out.split())
        mail = world.run_backport(world.fix, "--request", *QUICK)
        assert ("Tested on linux-6.6.y by " in mail.out) == tested
        assert ("I have not tested it" in mail.out) != tested
        assert ("take only tested fixes" in mail.err) != tested


def test_tracked_request_is_not_repeated(world: World) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    track_request(world, "6.6", "I will look at it.")
    text = " ".join(world.run_backport(world.fix, *QUICK).out.split())
    assert "wait for 6.6: sent " in text
    again = world.run_backport(world.fix, "--request", "--tested", "6.6 by Tess Tester", *QUICK)
    assert (again.code, "6.6" in again.err) == (2, True)
    everything = ("--request", "--all", "--tested", "6.6 by Tess Tester", *QUICK)
    assert world.run_backport(world.fix, *everything).code == 0


def test_release_of_one_branch_leaves_the_backport_to_another_open(world: World) -> None:
    repo = world.repo
    for version in ("6.6", "6.12"):
        world.create_stable_branch(version, world.groundwork)
    repo.git("update-ref refs/remotes/origin/master master")
    track_request(world, "6.6 and 6.12", "Queued up for 6.12, but it does not apply to 6.6.y.")
    repo.git("checkout -q linux-6.12.y")
    repo.git("cherry-pick -x", world.fix)
    repo.git("checkout -q master")
    shown = " ".join(repo.patchpilot("track show 1").out.split())
    assert "6.6 did not apply; 6.12 merged, in no release yet turn yours" in shown
    assert "proven: in-stable" not in shown
    assert "open backport to 6.6 landed" in shown
    (branch,) = (
        it for it in world.read_backport_json(world.fix)["branches"] if it["version"] == "6.6"
    )
    assert branch["failed"].endswith("@example.org")


@pytest.mark.long
async def test_number_of_lts_opens_the_fix_of_a_request(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    world.repo.git("update-ref refs/remotes/origin/master master")
    world.repo.git("checkout -q --detach", world.culprit)
    track_request(world, "6.6", "It does not apply to 6.6.y, please send a backport.")
    saved_state = SavedState(tmp_path / "state" / "walk.json")
    app = create_app(world.repo.path, memory=saved_state, at_home=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Please apply" in text_of(app), "the request")
        await pilot.press("enter")
        await until(pilot, lambda: app.stage is Stage.FOLLOW, "the answer")
        await settle(pilot)
        await keys(pilot, Stage.BACKPORTS)
        await until(pilot, lambda: "linux-6.6.y" in text_of(app), "the branches")
        assert app.session.commit
        assert app.session.commit.id == world.fix


def test_answer_to_a_request_is_the_state_of_its_branch(world: World) -> None:
    for version in ("6.6", "6.12"):
        world.create_stable_branch(version, world.groundwork)
    track_request(world, "6.6 and 6.12", "Queued up for 6.12, but it does not apply to 6.6.y.")
    branches = {it["version"]: it for it in world.read_backport_json(world.fix)["branches"]}
    assert {name: it["reported"]["state"] for name, it in branches.items()} == {
        "6.6": "failed",
        "6.12": "queued",
    }
    text = " ".join(world.run_backport(world.fix).out.split())
    assert "first: 6.12 (queued)" in text
    assert "linux-6.12.y queued" in text


def test_answer_to_a_request_counts_for_the_series_of_the_fix(world: World) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    author = "Ada Author <author@example.org>"
    patch = build_patch_mail(f"[PATCH] {TITLE}", id="first", author=author)
    track_request(world, "6.6", "Now queued up, thanks.", patch)
    shown = world.repo.patchpilot("track show 2").out
    assert f"[PATCH] {TITLE}" not in world.repo.patchpilot("track show 1").out
    assert "stable    6.6    queued" in shown


def test_request_is_finished_when_its_branches_have_the_commit(world: World) -> None:
    for version in ("6.6", "6.12"):
        world.create_stable_branch(version, world.groundwork)
    track_request(world, "6.6 and 6.12", "Now queued up, thanks.")
    for version, words in (("6.12", "wait for the release"), ("6.6", "nobody's: finished")):
        world.repo.checkout(f"linux-{version}.y")
        world.repo.git("cherry-pick -x", world.fix)
        world.repo.tag(f"v{version}.63")
        world.repo.checkout("master")
        shown = world.repo.patchpilot("track show 1").out
        assert words in shown
    assert "done: 6.6 released in v6.6.63; 6.12 released in v6.12.63" in shown
    assert "landed    stable: 6.6 released in v6.6.63" in shown
    assert "Finished (1" in world.repo.patchpilot("track").out


def test_next_version_answers_the_same_message(world: World, tmp_path: Path) -> None:
    """With or without a changelog that was written before."""
    world.create_stable_branch("6.6", world.groundwork)
    folder = tmp_path / "out" / "6.6"
    options = ("--write", tmp_path / "out", "--signoff", "--in-reply-to", "<failed@example.org>")
    assert world.run_backport(world.fix, *options).code == 0
    with FaultySink() as server:
        configure_mail_server(world.repo, server)
        sent = world.repo.patchpilot("send", folder, "--yes", "--force", "x")
        assert sent.code == 0, sent.err
        for arguments in ((), ("draft", "--changelog", "- fix the error path", folder)):
            if arguments:
                outcome = world.repo.patchpilot(*arguments)
                assert outcome.code == 0, outcome.err
            again = world.repo.patchpilot("send", "--reroll", folder, "--dry-run", "--force", "x")
            assert "[PATCH 6.6.y v2] work" in again.out, again.err
            assert "In-Reply-To: <failed@example.org>" in again.out


def test_next_version_lists_the_requests_in_the_thread_of_the_fix(
    world: World, tmp_path: Path
) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    folder = tmp_path / "out" / "6.6"
    options = ("--write", tmp_path / "out", "--signoff", "--in-reply-to", "<failed@example.org>")
    assert world.run_backport(world.fix, *options).code == 0
    first = build_patch_mail(f"[PATCH] {TITLE}", id="first")
    failed = build_stable_failure_notice(TITLE, world.fix, "6.6", id="failed", minutes=100)
    with FaultySink() as server:
        configure_mail_server(world.repo, server)
        sent = world.repo.patchpilot("send", folder, "--yes", "--force", "x")
        assert sent.code == 0, sent.err
        (mail,) = server.take()
        fix = mail.data.replace(b"\r\n", b"\n")
        review = build_reply(f"[PATCH 6.6.y] {TITLE}", "Please fix the error path.", reply_to="x")
        review = review.replace(b"x@example.org", parse_mail(fix).message_id.encode())
        file = tmp_path / "thread.mbox"
        file.write_bytes(build_mbox(first, failed, fix, review))
        with Store() as store:
            follow_series.track_series_in_mbox(file, store=store)
        again = world.repo.patchpilot("send", "--reroll", folder, "--dry-run", "--force", "x")
        assert "- EDITME review: Please fix the error path. (Rita Reviewer)" in again.out


@pytest.mark.parametrize("how", ["marked", "reviewed", "queued"])
def test_prerequisite_in_stable_review_is_built_on(world: World, tmp_path: Path, how: str) -> None:
    tip = world.create_stable_branch("6.6", world.fix)
    helper = "".join(f"help({number});\n" for number in range(40))
    needed, fix = world.commit_prerequisite_and_fix({"help.c": helper})
    assert "alternative" in world.read_branch_result(fix), "a feature is not proposed"
    if how == "marked":
        mark_sent(REQUESTS, name_patches_mark(needed, "6.6"))
    elif how == "reviewed":
        file = tmp_path / "tracked.mbox"
        first = build_patch_mail("[PATCH] work: more", id="first")
        review = build_stable_review("work: more", needed, "6.6", id="review", minutes=100)
        file.write_bytes(build_mbox(first, review))
        with Store() as store:
            follow_series.track_series_in_mbox(file, store=store)
    else:
        world.repo.branch("queue", "linux-6.6.y")
        world.repo.git("cherry-pick -x", needed)
        world.repo.git("update-ref refs/remotes/stable-rc/linux-6.6.y HEAD")
        world.repo.checkout("master")
    words = {"marked": "backport sent", "reviewed": "under review", "queued": "queued"}[how]
    verdict = world.read_branch_result(fix, "--onto", "linux-6.6.y")
    assert [need["review"] for need in verdict["prerequisites"]] == [words]
    assert "alternative" not in verdict, "the prerequisite costs nothing"
    arguments = (fix, "--onto", "linux-6.6.y", "--write")
    text = " ".join(world.run_backport(*arguments, tmp_path / "out", "--signoff").out.split())
    assert f'("work: more"), 42 lines, {words}' in text
    assert f"applies after patches that were sent or queued: {needed[:12]}" in text
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    world.repo.git("checkout", "-q", "--detach", tip)
    world.repo.git("cherry-pick", needed)
    world.repo.git("am", "-q", str(file))
    resolving = ("--resolve", "linux-6.6.y", "--write", tmp_path / "resolved")
    document = world.read_backport_json(fix, *resolving)["resolve"]
    assert [Path(name).name for name in document["files"]] == [file.name]
    assert any(needed[:12] in line for line in document["advice"])
    world.run_backport(*arguments, tmp_path / "all", "--all")
    assert len([*(tmp_path / "all" / "6.6").iterdir()]) == 2


def test_next_version_of_a_backport_includes_its_prerequisite(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    for commit in (world.groundwork, world.fix):
        mark_sent(REQUESTS, name_patches_mark(commit, "6.6"))
    (need,) = world.read_branch_result(world.fix)["prerequisites"]
    assert need["commit"] == world.groundwork
    assert "review" not in need


def test_review_of_a_backport_names_the_clone_of_its_next_version(
    world: World, tmp_path: Path
) -> None:
    """Its files have not changed since they were sent; the next version is in the clone."""
    world.create_renamed_branch()
    track_reports(world, tmp_path, "failed", "posted", "reviewed")
    shown = world.repo.patchpilot("track add <sent@example.org> --mbox", tmp_path / "tracked.mbox")
    assert "answer the review by Rita Reviewer and send v2" in " ".join(shown.out.split())
    assert world.run_backport(world.fix, "--adapt", "--resolve", "6.6").code in (0, 1)
    step = " ".join(world.repo.patchpilot("track show 2").out.split())
    assert "review by Rita Reviewer and send v2: the conflict on 6.6 is open in " in step
    assert f"`patchpilot backport {world.fix}" in step
    assert "send --reroll" not in step
