# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the state and the next step of a series after each message that an archive receives.

The long tests use a real public-inbox.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.kit.mails import (
    ADA,
    MATT,
    OTTO,
    RITA,
    build_applied_notice,
    build_described_mail,
    build_mail,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)
from tests.kit.story import SHA
from tests.tracking.followed import FollowedArchive, convert_days_to_minutes, open_followed_archive

PUMP = "pump: check the pointer before use"
COUNT = "pump: count the starts of the pump"
GREG = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"


@pytest.fixture(params=["stand-in", pytest.param("public-inbox", marks=pytest.mark.long)])
def life(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FollowedArchive]:
    with open_followed_archive(tmp_path, request.param) as topic_life:
        yield topic_life


def build_thanks_mail(
    subject: str,
    *lines: tuple[str, str],
    parent_id: str,
    minutes: int,
    id: str,  # noqa: A002
) -> bytes:
    """Return the text that `b4 ty` writes. The parameters are (title, commit) pairs."""
    summary = (
        "".join(f"[{number}] {title}\n      commit: {commit}\n" for number, title, commit in lines)
        if lines and len(lines[0]) == 3
        else ""
    )
    body = (
        "On Mon, 04 Mar 2024 09:00:00 +0000, Ada Fixer wrote:\n> Check.\n\nApplied,"
        f" thanks!\n\n{summary}"
    )
    return build_mail(
        f"Re: {subject}",
        body,
        sender=MATT,
        id=f"{id}.b4-ty",
        reply_to=parent_id,
        minutes=minutes,
    )


def make_autosel_patch(version: str, minutes: int) -> bytes:
    body = (
        f"From: {ADA}\n\n[ Upstream commit {SHA} ]\n\nCheck.\n\nSigned-off-by:"
        f" {ADA}\nSigned-off-by: Sasha Levin <sashal@kernel.org>\n---\n pump.c | 1 +\n"
    )
    return build_mail(
        f"[PATCH AUTOSEL {version} 3/9] {PUMP}",
        body,
        sender="Sasha Levin <sashal@kernel.org>",
        id=f"sel{version}",
        minutes=minutes,
        X_stable="review",
    )


def test_series_is_withdrawn(life: FollowedArchive) -> None:
    assert life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}")) == (
        "sent",
        "wait for replies; send a reminder from 2024-03-18, not earlier",
    )
    taken_back = build_reply(
        f"[PATCH] {PUMP}",
        "Please ignore this patch, the check is in the caller.",
        sender=ADA,
        id="no",
        reply_to="v1",
        minutes=60,
    )
    assert life.add_and_wait(taken_back) == (
        "withdrawn",
        "nothing is left to do: you withdrew the series",
    )
    assert life.add_and_wait(days=60)[0] == "withdrawn"


def test_series_is_applied_in_part(life: FollowedArchive) -> None:
    cover = build_described_mail("c [PATCH 0/3] pump: three fixes")
    titles = ("pump: fix one", "pump: fix two", "pump: fix three")
    posts = [
        build_described_mail(f"p{number}+{number}>c [PATCH {number}/3] {title}")
        for number, title in enumerate(titles, 1)
    ]
    assert life.add_and_wait(cover, *posts)[0] == "sent"
    request = build_reply(
        f"[PATCH 3/3] {titles[2]}",
        "Please split this, and explain why it is needed.",
        id="r",
        reply_to="p3",
        minutes=convert_days_to_minutes(1),
    )
    assert life.add_and_wait(request) == (
        "changes-requested",
        "answer the review by Rita Reviewer and send v2",
    )
    assert life.patches == ["sent", "sent", "changes-requested"]
    subset = build_thanks_mail(
        "(subset) [PATCH 0/3] pump: three fixes",
        ("1/3", titles[0], "1" * 40),
        ("2/3", titles[1], "2" * 40),
        parent_id="c",
        minutes=convert_days_to_minutes(2),
        id="t",
    )  # type: ignore[arg-type]
    state, step = life.add_and_wait(subset)
    assert (state, step) == (
        "partly-accepted",
        "answer the review by Rita Reviewer and send v2; Matt Maintainer reports it applied:"
        " “Applied, thanks!” (not seen in a tree yet): fetch the tree to check this:"
        " `git fetch --all --tags`, then `patchpilot track update`",
    )
    assert life.patches == ["accepted", "accepted", "changes-requested"]
    assert life.commands == [
        "patchpilot track reply '<r@example.org>'",
        "patchpilot send --reroll",
        "patchpilot track update",
    ]
    resent_patch = build_patch_mail(
        f"[PATCH v2] {titles[2]}",
        id="w3",
        reply_to="c",
        minutes=convert_days_to_minutes(3),
    )
    state, step = life.add_and_wait(resent_patch)
    assert (state, life.patches) == (
        "partly-accepted",
        ["accepted", "accepted", "sent"],
    )
    assert (
        life.add_and_wait(
            build_thanks_mail(
                f"[PATCH v2] {titles[2]}",
                parent_id="w3",
                minutes=convert_days_to_minutes(4),
                id="t2",
            )
        )[0]
        == "accepted"
    )


def test_merged_series_is_reverted(life: FollowedArchive) -> None:
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    commit = life.trees.commit(f"{PUMP}\n\nCheck it.\n\nSigned-off-by: {ADA}\n", tag="v6.9-rc1")
    robot_mail = build_applied_notice(
        PUMP,
        commit[:12],
        prefixes="net",
        id="a",
        reply_to="v1",
        minutes=convert_days_to_minutes(1),
    )
    assert life.add_and_wait(robot_mail) == ("in-mainline", "done: it is in mainline")
    backport = life.trees.backport(commit, "6.1", tag="v6.1.120")
    assert life.add_and_wait()[0] == "in-stable"
    assert life.branches == {"6.1": "released in v6.1.120"}
    revert = life.trees.commit(
        f'Revert "{PUMP}"\n\nThis reverts commit {commit}.\n\nIt hangs.\n',
        checked=False,
    )
    assert life.add_and_wait() == (
        "changes-requested",
        f"reverted in mainline by {revert[:12]}: read the reason, and send a corrected v2",
    )
    assert life.commands == ["patchpilot send --reroll"]
    life.trees.commit_to_stable(
        "6.1",
        f'Revert "{PUMP}"\n\ncommit {revert} upstream.\n\nThis reverts commit {backport}.\n',
        checked=False,
    )
    assert life.add_and_wait()[0] == "changes-requested"
    assert life.branches == {"6.1": "reverted"}
    second_mail = build_patch_mail(
        f"[PATCH v2] {PUMP}",
        id="v2",
        reply_to="v1",
        minutes=convert_days_to_minutes(40),
    )
    assert life.add_and_wait(second_mail)[0] == "sent"
    life.trees.commit(
        f"{PUMP}\n\nCheck it, without the hang.\n\nSigned-off-by: {ADA}\n",
        tag="v6.9-rc5",
    )
    assert life.add_and_wait()[0] == "in-mainline"


def test_series_dropped_from_stable(life: FollowedArchive) -> None:
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    assert life.add_and_wait(
        build_stable_queue_notice(PUMP, SHA, "6.1", id="q", minutes=convert_days_to_minutes(20))
    ) == (
        "in-mainline",
        "follow the stable review of 6.1; once it is released, run `git fetch --all --tags`; if it"
        " should not be applied: `patchpilot track reply"
        " '<q@example.org>' --template objection`",
    )
    assert life.commands == ["patchpilot track update"], "the objection is no default"
    subject = f'Patch "{PUMP}" has been added to the 6.1-stable tree'
    objection = build_mail(
        f"Re: {subject}",
        "> note\n\nPlease drop this, 6.1 does not have the pump.\n",
        sender=ADA,
        id="o",
        reply_to="q",
        minutes=convert_days_to_minutes(21),
    )
    assert life.add_and_wait(objection) == (
        "in-mainline",
        "done: it is in mainline; 6.1 objected to: Please drop this, 6.1 does not have the pump",
    )
    done = build_mail(
        f"Re: {subject}",
        "> drop\n\nNow dropped, thanks.\n",
        sender=GREG,
        id="d",
        reply_to="o",
        references="<q@example.org> <o@example.org>",
        minutes=convert_days_to_minutes(22),
    )
    assert life.add_and_wait(done) == (
        "in-mainline",
        "done: it is in mainline; dropped from 6.1",
    )


def test_author_objects_to_autosel(life: FollowedArchive) -> None:
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    assert life.add_and_wait(make_autosel_patch("6.6", convert_days_to_minutes(30))) == (
        "in-mainline",
        "AUTOSEL proposes it for 6.6; if it should not be applied: `patchpilot track reply"
        " '<sel6.6@example.org>' --template objection`",
    )
    assert life.commands == ["patchpilot track update"]
    objection = build_mail(
        f"Re: [PATCH AUTOSEL 6.6 3/9] {PUMP}",
        "> Check.\n\nI object to this backport, it needs the counters.\n",
        sender=ADA,
        id="o",
        reply_to="sel6.6",
        minutes=convert_days_to_minutes(31),
    )
    state, step = life.add_and_wait(objection)
    assert (state, life.branches) == (
        "in-mainline",
        {"6.6": "objected to: I object to this backport, it needs the counters"},
    )
    assert step.startswith("done: it is in mainline; 6.6 objected to")


def test_failed_backport_is_sent_and_queued(life: FollowedArchive) -> None:
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    commit = life.trees.commit(
        f"{PUMP}\n\nCheck it.\n\nCc: stable@vger.kernel.org\nSigned-off-by: {ADA}\n",
        tag="v6.9-rc1",
    )
    state, step = life.add_and_wait()
    assert state == "in-mainline"
    assert step.startswith("wait for the stable branches: ")
    state, step = life.add_and_wait(
        build_stable_failure_notice(
            PUMP, commit, "5.10", id="f", minutes=convert_days_to_minutes(40)
        )
    )
    assert (
        step == "send a backport to 5.10 if it is needed there (`patchpilot"
        f" backport {commit} --onto linux-5.10.y`); the fix did not apply"
    )
    backport_mail = build_patch_mail(
        f"[PATCH 5.10.y] {PUMP}",
        message=f"commit {commit} upstream.\n\nCheck it.\n",
        id="b",
        reply_to="f",
        minutes=convert_days_to_minutes(41),
    )
    assert (
        "backport" in life.add_and_wait(backport_mail)[1]
        or life.branches["5.10"] == "did not apply"
    )
    state, step = life.add_and_wait(
        build_stable_queue_notice(PUMP, commit, "5.10", id="q", minutes=convert_days_to_minutes(45))
    )
    assert (state, life.branches["5.10"]) == ("in-mainline", "queued")
    life.trees.backport(commit, "5.10", tag="v5.10.240")
    assert life.add_and_wait() == ("in-stable", "done: nothing is left to do")
    assert life.branches["5.10"] == "released in v5.10.240"


@pytest.mark.long
def test_series_is_followed_from_rfc_to_pull_request(life: FollowedArchive) -> None:
    titles = (PUMP, COUNT)

    def make_version(name: str, cover_id: str, minutes: int, notes: str = "") -> list[bytes]:
        cover = build_mail(
            f"[{name} 0/2] pump: a pump that counts",
            f"A pump that counts.\n\n{notes}",
            id=cover_id,
            minutes=minutes,
        )
        return [
            cover,
            *(
                build_described_mail(
                    f"{cover_id}p{index}+{minutes + index}>{cover_id} [{name} {index}/2] {title}"
                )
                for index, title in enumerate(titles, 1)
            ),
        ]

    assert life.add_and_wait(*make_version("RFC PATCH", "rfc", 0))[0] == "sent"
    assert life.add_and_wait(days=30)[0] == "stalled"
    assert life.commands == [
        "patchpilot track reply '<rfc@example.org>' --template ping",
        "patchpilot send --resend",
    ]
    assert (
        life.add_and_wait(
            build_reply(
                "[RFC PATCH 0/2] pump: a pump that counts",
                "Interesting. Why does it count?",
                id="r0",
                reply_to="rfc",
                minutes=convert_days_to_minutes(60),
            )
        )[0]
        == "under-review"
    )
    assert (
        life.add_and_wait(*make_version("PATCH", "v1", convert_days_to_minutes(200)))[0] == "sent"
    )
    assert (
        life.add_and_wait(
            build_reply(
                f"[PATCH 2/2] {COUNT}",
                "Please use an atomic counter here.",
                id="r1",
                reply_to="v1p2",
                minutes=convert_days_to_minutes(201),
            )
        )[0]
        == "changes-requested"
    )
    assert (
        life.add_and_wait(
            *make_version(
                "PATCH v2",
                "v2",
                convert_days_to_minutes(230),
                "Changes in v2:\n- atomic counter\n",
            )
        )[0]
        == "sent"
    )
    robot_mail = build_mail(
        f"Re: [PATCH v2 1/2] {PUMP}",
        "Hi Ada,\n\nkernel test robot noticed the following build errors:\n\n>> drivers/demo/pump.c:12:3: error: 'x' undeclared\n",  # noqa: E501
        sender="kernel test robot <lkp@intel.com>", id="lkp", reply_to="v2p1",
        minutes=convert_days_to_minutes(231),
    )  # fmt: skip
    assert life.add_and_wait(robot_mail) == (
        "changes-requested",
        "kernel test robot reports a build failure: fix it, build it, then send v3",
    )
    assert (
        life.add_and_wait(*make_version("PATCH v3", "v3", convert_days_to_minutes(400)))[0]
        == "sent"
    )
    state, step = life.add_and_wait(
        build_reply(
            "[PATCH v3 0/2] pump: a pump that counts",
            f"Reviewed-by: {RITA}",
            id="r3",
            reply_to="v3",
            minutes=convert_days_to_minutes(401),
        )
    )
    assert (state, step) == (
        "under-review",
        "wait for the maintainer; send a reminder from 2025-04-23",
    )
    assert life.commands == ["patchpilot track update"]
    assert (
        life.add_and_wait(*make_version("PATCH v4", "v4", convert_days_to_minutes(600)))[0]
        == "sent"
    )
    assert (
        life.add_and_wait(
            build_thanks_mail(
                "[PATCH v4 0/2] pump: a pump that counts",
                ("1/2", PUMP, "1" * 40),
                ("2/2", COUNT, "2" * 40),
                parent_id="v4",
                minutes=convert_days_to_minutes(602),
                id="ty",
            )
        )[0]
        == "accepted"
    )  # type: ignore[arg-type]
    pull = build_mail(
        "[GIT PULL] pump updates for v6.14",
        f"Hi Linus,\n\nThe following changes since commit {SHA}:\n\n  Linux 6.13\n\nare available in the Git repository at:\n\n"  # noqa: E501
        "  git://example.com/pump for-linus\n\n"
        f"for you to fetch changes up to {'2' * 40}:\n\n  {COUNT}\n\n----------------------------------------------------------------\n"  # noqa: E501
        f"Ada Fixer (2):\n      {PUMP}\n      {COUNT}\n\n drivers/demo/pump.c | 6 ++++++\n",
        sender=MATT, id="pull", minutes=convert_days_to_minutes(640),
    )  # fmt: skip
    assert life.add_and_wait(pull)[0] == "accepted"
    merged_mail = build_mail(
        "Re: [GIT PULL] pump updates for v6.14",
        "The pull request you sent on Mon, 4 Mar 2024:\n\n> git://example.com/pump for-linus\n\nhas been merged into torvalds/linux.git:\n"  # noqa: E501
        f"https://git.kernel.org/torvalds/c/{'3' * 40}\n\nThank you!\n",
        sender="pr-tracker-bot@kernel.org", id="prt", reply_to="pull", minutes=convert_days_to_minutes(641), X_PR_Tracked_Commit_Id="2" * 40, X_PR_Merge_Commit_Id="3" * 40,  # noqa: E501
        X_PR_Merge_Tree="torvalds/linux.git",
    )  # fmt: skip
    assert life.add_and_wait(merged_mail) == ("in-mainline", "done: it is in mainline")


@pytest.mark.long
def test_series_is_split(life: FollowedArchive) -> None:
    posts = [
        build_patch_mail(
            f"[PATCH net {number}/2] {title}",
            id=f"p{number}",
            reply_to="p1" if number > 1 else None,
            minutes=number,
        )
        for number, title in enumerate((PUMP, COUNT), 1)
    ]
    assert life.add_and_wait(*posts)[0] == "sent"
    request = build_reply(
        f"[PATCH net 2/2] {COUNT}",
        "This is no fix: please send it to net-next separately.",
        id="r",
        reply_to="p2",
        minutes=convert_days_to_minutes(1),
    )
    assert life.add_and_wait(request)[0] == "changes-requested"
    fix = build_patch_mail(
        f"[PATCH net v2] {PUMP}",
        id="fix",
        notes="Changes in v2:\n- sent alone",
        minutes=convert_days_to_minutes(2),
    )
    remaining_patch = build_patch_mail(
        f"[PATCH net-next v2] {COUNT}",
        id="rest",
        notes="Changes in v2:\n- sent alone",
        reply_to="p2",
        minutes=convert_days_to_minutes(20),
    )
    assert life.add_and_wait(fix)[0] == "sent"
    assert (
        life.add_and_wait(
            build_applied_notice(
                PUMP,
                "1" * 12,
                prefixes="net,v2",
                id="a1",
                reply_to="fix",
                minutes=convert_days_to_minutes(3),
            )
        )[0]
        == "accepted"
    )
    assert life.add_and_wait(remaining_patch)[0] == "partly-accepted"
    assert life.patches == ["accepted", "sent"]
    tree = "netdev/net-next.git (main)"
    robot_mail = build_applied_notice(
        COUNT,
        "2" * 12,
        tree=tree,
        prefixes="net-next,v2",
        id="a2",
        reply_to="rest",
        minutes=convert_days_to_minutes(21),
    )
    assert life.add_and_wait(robot_mail)[0] == "accepted"


@pytest.mark.long
def test_v3_by_another_author_is_tracked(life: FollowedArchive) -> None:
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    life.add_and_wait(
        build_patch_mail(
            f"[PATCH v2] {PUMP}",
            id="v2",
            reply_to="v1",
            minutes=convert_days_to_minutes(5),
            Cc=OTTO,
        )
    )
    their_mail = build_patch_mail(
        f"[PATCH v3] {PUMP}",
        message=f"From: {ADA}\n\nCheck the pointer before it is used.\n\nSigned-off-by: {ADA}\n",
        author=OTTO,
        id="v3",
        minutes=convert_days_to_minutes(60),
    )
    assert life.add_and_wait(their_mail) == (
        "superseded",
        "Otto Other sent v3 of it: read it before you send another version",
    )
    robot_mail = build_applied_notice(
        PUMP,
        "1" * 12,
        prefixes="net,v3",
        id="a",
        reply_to="v3",
        minutes=convert_days_to_minutes(62),
    )
    assert life.add_and_wait(robot_mail)[0] == "accepted"
    assert life.series.posted
    assert "netdev/net.git" in life.series.posted.why
    assert "Otto Other" in life.series.posted.why
    life.trees.commit(
        f"{PUMP}\n\nCheck it.\n\nSigned-off-by: {ADA}\nSigned-off-by: {OTTO}\n",
        tag="v6.9-rc1",
    )
    assert life.add_and_wait()[0] == "in-mainline"


@pytest.mark.long
def test_patch_is_applied_through_another_tree(life: FollowedArchive) -> None:
    life.add_and_wait(
        build_described_mail(f"p1 [PATCH 1/2] {PUMP}"),
        build_described_mail(f"p2+1>p1 [PATCH 2/2] {COUNT}"),
    )
    acked = build_reply(
        f"[PATCH 2/2] {COUNT}",
        f"Acked-by: {RITA}\n\nPlease take it through the counter tree.",
        id="r",
        reply_to="p2",
        minutes=convert_days_to_minutes(1),
    )
    assert life.add_and_wait(acked)[0] == "under-review"
    tip = build_mail(
        f"[tip: timers/core] {COUNT}",
        f"The following commit has been merged into the timers/core branch of tip:\n\nCommit-ID:     {'2' * 40}\n"  # noqa: E501
        f"Gitweb:        https://git.kernel.org/tip/{'2' * 40}\nAuthor:        {ADA}\nAuthorDate:    Mon, 04 Mar 2024 09:00:00 +01:00\n"  # noqa: E501
        f"Committer:     {MATT}\nCommitterDate: Tue, 05 Mar 2024 09:00:00 +01:00\n\n{COUNT}\n\nCount.\n",  # noqa: E501
        sender="tip-bot2 for Ada Fixer <tip-bot2@linutronix.de>", id="tip", reply_to="p2", minutes=convert_days_to_minutes(3),  # noqa: E501
    )  # fmt: skip
    state, _step = life.add_and_wait(tip)
    assert life.series.posted
    assert (state, life.patches) == ("partly-accepted", ["sent", "accepted"])
    assert life.series.posted.why == "1 of 2 applied; 1/2 has no reply"
    life.add_and_wait(
        build_applied_notice(
            PUMP,
            "1" * 12,
            prefixes="net,1/2",
            id="a",
            reply_to="p1",
            minutes=convert_days_to_minutes(5),
        )
    )
    assert life.series.state == "accepted"
    assert {commit.tree for commit in life.series.about.landed} == {
        "netdev/net.git (main)",
        "tip timers/core",
    }


def test_security_fix_is_followed_privately(tmp_path: Path) -> None:
    """Test following a private series, which is in no archive."""
    from patchpilot.archive.track_store import Store
    from patchpilot.commits.repository import Repository
    from patchpilot.threads.known_series import read_tracked_series
    from patchpilot.tracking.follow_series import track_series_in_mbox
    from tests.kit.mails import build_mbox
    from tests.kit.trees import Trees

    trees = Trees(tmp_path / "r")
    sent_mbox = tmp_path / "sent.mbox"
    sent_mbox.write_bytes(
        build_mbox(build_described_mail(f"v1 [PATCH] {PUMP}", to="security@kernel.org"))
    )
    with Store(tmp_path / "track.sqlite") as store:
        with Repository.open(trees.repo.path) as repository:
            (series,) = track_series_in_mbox(sent_mbox, store=store, repository=repository)
        assert series.state == "sent"
        commit = trees.commit(f"{PUMP}\n\nCheck it.\n\nSigned-off-by: {ADA}\n", tag="v6.9-rc1")
        for version in ("6.1", "6.6"):
            trees.backport(commit, version, tag=f"v{version}.120")
        with Repository.open(trees.repo.path) as repository:
            series = read_tracked_series(1, store=store, repository=repository)
        assert (series.state, series.next_step) == (
            "in-stable",
            "done: nothing is left to do",
        )
        assert {(landing.tree, landing.release) for landing in series.about.landed} == {
            ("torvalds/linux", "v6.9-rc1"),
            ("stable/linux-6.6.y", "v6.6.120"),
            ("stable/linux-6.1.y", "v6.1.120"),
        }


def test_series_is_followed_into_stable_branches(
    life: FollowedArchive,
) -> None:
    title, versions = (
        "net/acme: allow old cards that cannot count their images",
        ("6.12", "6.6", "6.1", "5.15", "5.10"),
    )
    remarks = (
        "Please refer to a commit by its id and title, name net in the subject, add a Fixes: tag,"
        " and write in the imperative."
    )
    assert life.add_and_wait(build_described_mail(f"v1 [PATCH] {title}"))[0] == "sent"
    assert life.add_and_wait(build_reply(f"[PATCH] {title}", remarks, id="r1", reply_to="v1", minutes=convert_days_to_minutes(1))) == (  # noqa: E501
        "changes-requested", "answer the review by Rita Reviewer and send v2",
    )  # fmt: skip
    assert (
        life.add_and_wait(
            build_patch_mail(f"[PATCH net v2] {title}", id="v2", minutes=convert_days_to_minutes(3))
        )[0]
        == "sent"
    )
    assert (
        life.add_and_wait(
            build_reply(
                f"[PATCH net v2] {title}",
                f"Reviewed-by: {RITA}",
                id="r2",
                reply_to="v2",
                minutes=convert_days_to_minutes(4),
            )
        )[0]
        == "under-review"
    )
    commit = life.trees.commit(f"{title}\n\nOld cards cannot.\n\nSigned-off-by: {ADA}\n")
    life.trees.repo.git("update-ref refs/heads/net", commit)
    life.trees.repo.git("reset -q --hard", life.trees.first)
    assert (
        life.add_and_wait(
            build_applied_notice(
                title,
                commit[:12],
                id="a",
                reply_to="v2",
                minutes=convert_days_to_minutes(6),
            )
        )[0]
        == "accepted"
    )
    life.trees.repo.git("merge -q --ff-only net")
    assert life.add_and_wait()[0] == "in-mainline"
    life.trees.repo.tag("v6.13-rc7")
    assert life.add_and_wait() == ("in-mainline", "done: it is in mainline")
    reviews = [
        build_stable_review(
            title,
            commit,
            version,
            id=f"s{version}",
            minutes=convert_days_to_minutes(20) + number,
        )
        for number, version in enumerate(versions)
    ]
    assert (
        life.add_and_wait(*reviews)[1].partition(";")[0]
        == f"follow the stable review of {', '.join(reversed(versions))}"
    )
    for number, version in enumerate(versions, 1):
        life.trees.backport(commit, version, tag=f"v{version}.{100 + number}")
        assert life.add_and_wait()[0] == "in-stable"
        assert [
            name for name, words in life.branches.items() if words.startswith("released")
        ] == list(reversed(versions[:number]))
    assert life.add_and_wait() == ("in-stable", "done: nothing is left to do")
    fix_title = "net/acme: return the count of images"
    tag = f'Fixes: {commit[:12]} ("{title}")'
    fix = build_patch_mail(
        f"[PATCH net] {fix_title}",
        message=f"Return it.\n\n{tag}\n",
        author=OTTO,
        id="f1",
        minutes=convert_days_to_minutes(40),
    )
    assert (
        life.add_and_wait(fix)[1]
        == f"check that “{fix_title}”, which fixes it, is applied to every branch that has it"
    )
    fixed_commit = life.trees.repo.commit(
        f"{fix_title}\n\nReturn it.\n\n{tag}\n", {"fix.c": "x\n"}, author=OTTO
    )
    assert (
        life.add_and_wait()[1]
        == f"“{fix_title}” ({fixed_commit[:12]}), which fixes it, is missing in"
        f" {', '.join(reversed(versions))}: send a backport of it as well"
    )
    onto = " ".join(f"--onto linux-{version}.y" for version in reversed(versions))
    assert life.commands == [f"patchpilot backport {fixed_commit} {onto}"]
    for version in versions:
        life.trees.commit_to_stable(
            version,
            f"{fix_title}\n\ncommit {fixed_commit} upstream.\n\nReturn it.\n\n{tag}\n",
        )
    assert life.add_and_wait() == ("in-stable", "done: nothing is left to do")


@pytest.mark.parametrize("is_fetched_later", [False, True])
def test_stable_messages_about_a_commit_with_another_title(
    life: FollowedArchive, is_fetched_later: bool
) -> None:
    """The messages name the commit, which git finds in mainline by its link."""
    title = "pump: check the pointer of an unplugged pump"
    link = "Link: https://patch.msgid.link/v1@example.org"
    message = f"{title}\n\nCheck the pointer.\n\n{link}\nSigned-off-by: {ADA}\n"
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    first = life.trees.first
    commit = life.trees.commit(message, tag="v6.9-rc1")
    if is_fetched_later:
        life.trees.repo.git("reset -q --hard", first)
    else:
        assert life.update().commits == (commit,)
    notices = [
        build(title, commit, version, id=version, minutes=convert_days_to_minutes(2))
        for version, build in (
            ("6.6", build_stable_queue_notice),
            ("6.1", build_stable_failure_notice),
        )
    ]
    life.update(*notices, days=20)
    if is_fetched_later:
        assert life.branches == {}
        life.trees.repo.git("reset -q --hard", commit)
        life.update(days=20)
    assert life.branches == {"6.1": "did not apply", "6.6": "queued"}
    assert any("backport" in command for command in life.commands)
    # the messages are about the tracked series
    other = build_stable_queue_notice(title, commit, "6.12", id="6.12", minutes=30000)
    life.add(other)
    series = life.track("6.12@example.org")
    assert (series.entry.id, series.entry.message_id) == (1, "v1@example.org")
    assert "6.12" in {branch.version for branch in series.about.stable}


def test_other_processes_can_write_while_git_is_read(life: FollowedArchive, tmp_path: Path) -> None:
    commit = life.trees.commit(f"{PUMP}\n\nCheck it.\n\nSigned-off-by: {ADA}\n", tag="v6.9-rc1")
    life.add(build_described_mail(f"v1 [PATCH] {PUMP}"))
    seen = []

    def write(what: str, _done: int = 0, _total: int | None = None) -> None:
        other = sqlite3.connect(tmp_path / "track.sqlite", timeout=0, isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
        seen.append(what)

    series = life.track("v1@example.org", write)
    assert series.commits == (commit,)
    assert "reading history" in seen


def test_review_of_a_backport_with_another_title(life: FollowedArchive) -> None:
    title = "pump: check the pointer of an unplugged pump"
    link = "Link: https://patch.msgid.link/v1@example.org"
    message = f"{title}\n\nCheck the pointer.\n\n{link}\nSigned-off-by: {ADA}\n"
    life.add_and_wait(build_described_mail(f"v1 [PATCH] {PUMP}"))
    commit = life.trees.commit(message, tag="v6.9-rc1")
    assert life.update().commits == (commit,)
    failed = build_stable_failure_notice(title, commit, "6.1", id="failed", minutes=2000)
    backport = build_patch_mail(
        f"[PATCH 6.1.y] {title}",
        message=f"commit {commit} upstream.\n\nCheck the pointer.\n",
        id="backport",
        reply_to="failed",
        minutes=2100,
    )
    review = build_reply(
        f"[PATCH 6.1.y] {title}",
        "Why does this differ? Please resend with that information.",
        sender=GREG,
        id="review",
        reply_to="backport",
        minutes=2200,
    )
    life.update(failed, backport)
    assert life.branches == {"6.1": "backport sent"}
    step = life.add_and_wait(review)[1]
    assert step.startswith("answer the review of the backport to 6.1")
