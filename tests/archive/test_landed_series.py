# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding a series' commits in mainline, linux-next and stable branches, with reverts and
later fixes.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive import landed_series
from patchpilot.archive.landed_series import find_commits_in_repository
from patchpilot.archive.open_archive import open_archive
from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed
from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread, with_commits
from patchpilot.tracking.poll_archives import UpdateRequest
from patchpilot.tracking.update_series import update_tracked_series
from tests.kit.mails import (
    ADA,
    MATT,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
)
from tests.kit.story import next_step
from tests.kit.trees import FILE, Trees

ONE, TWO = "pump: check the pointer", "pump: count the pointers"
P1 = build_described_mail(f"p1 [PATCH 1/2] {ONE}")
P2 = build_described_mail(f"p2+1>p1 [PATCH 2/2] {TWO}")
ALONE = build_described_mail(f"p1 [PATCH] {ONE}")


def track_series(trees: Trees, *mails: bytes) -> PostedSeries:
    series = read_thread(parse(build_mbox(*mails)))[0]
    with Repository.open(trees.repo.path) as repository:
        commits = find_commits_in_repository(series, repository)
    return with_commits(series, commits.commits, commits.follow_ups, commits.needs)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path / "r")


def test_partly_merged_series_is_not_finished(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    trees.repo.tag("v6.9-rc1")
    trees.backport(commit, "6.1", tag="v6.1.120")
    merged = track_series(trees, P1, P2)
    assert (merged.state, merged.why) == (
        "partly-accepted",
        "1 of 2 applied; 2/2 has no reply",
    )
    assert [(landing.tree, landing.state, landing.release) for landing in merged.landed] == [
        ("torvalds/linux", "released", "v6.9-rc1"),
        ("stable/linux-6.1.y", "released", "v6.1.120"),
    ]
    assert all(landing.commit and landing.date for landing in merged.landed)


def test_release_of_a_branch_is_known_without_its_tag(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    trees.backport(commit, "6.1")
    assert [branch.words for branch in track_series(trees, ALONE).stable] == [
        "merged, in no release yet"
    ]
    trees.repo.checkout("stable/linux-6.1.y")
    release = trees.repo.commit("Linux 6.1.120", {"Makefile": "SUBLEVEL = 120\n"})
    trees.repo.git("update-ref refs/remotes/stable/linux-6.1.y", release)
    trees.repo.checkout("master")
    branches = track_series(trees, ALONE).stable
    assert [(branch.state, branch.note) for branch in branches] == [("released", "v6.1.120")]


def test_other_project_is_not_linux_mainline(trees: Trees) -> None:
    trees.repo.commit("common: split", {"common/spl": "", "include/u-boot": ""})
    trees.commit(f"{ONE}\n\nCheck it.\n")
    merged = track_series(trees, ALONE)
    assert [commit.tree for commit in merged.landed] == ["mainline"]
    assert merged.state == "in-mainline"


def test_mainline_revert_reopens_the_series(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    assert track_series(trees, ALONE).state == "in-mainline"
    revert = trees.commit(f'Revert "{ONE}"\n\nThis reverts commit {commit}.\n', checked=False)
    merged = track_series(trees, ALONE)
    assert (merged.state, merged.why) == (
        "changes-requested",
        f"reverted in mainline by {revert[:12]}",
    )
    assert merged.patches[0].proof.commit == revert
    assert "done" not in next_step(merged)
    reapplied = trees.commit(f"{ONE}\n\nCheck it, now right.\n")
    assert (
        track_series(trees, ALONE).state,
        track_series(trees, ALONE).patches[0].proof.commit,
    ) == (
        "in-mainline",
        reapplied,
    )


def test_stable_revert_is_reported(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    backport = trees.backport(commit, "6.1")
    trees.commit_to_stable(
        "6.1",
        f'Revert "{ONE}"\n\nThis reverts commit {backport} which is commit {commit} upstream.\n',
        checked=False,
    )
    merged = track_series(trees, ALONE)
    assert merged.state == "in-mainline"
    assert [(branch.version, branch.state) for branch in merged.stable] == [("6.1", "reverted")]
    assert "reverted in 6.1" in next_step(merged)


def test_commit_in_linux_next_is_not_yet_in_mainline(trees: Trees) -> None:
    base = trees.repo.git("rev-parse HEAD")
    trees.repo.branch("next", base)
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    trees.repo.tag("next-20240405")
    trees.repo.commit("more")
    trees.repo.tag("next-20240408")
    trees.repo.checkout("master")
    merged = track_series(trees, ALONE)
    assert (merged.state, merged.why) == (
        "in-next",
        "in linux-next since next-20240405",
    )
    assert merged.patches[0].proof.commit == commit
    trees.repo.git("merge -q next")
    assert track_series(trees, ALONE).state == "in-mainline"


def _commit_on_remote(trees: Trees, branch: str, message: str, committer: str) -> str:
    trees.repo.checkout(trees.first)
    trees.commit(message)
    name, _, email = committer.rstrip(">").partition(" <")
    trees.repo.git(
        "-c",
        f"user.name={name}",
        "-c",
        f"user.email={email}",
        "commit",
        "-q",
        "--amend",
        "--no-edit",
    )
    commit = trees.repo.git("rev-parse HEAD")
    trees.repo.git("update-ref", f"refs/remotes/{branch}", commit)
    trees.repo.checkout("master")
    return commit


def test_commit_in_maintainer_tree_is_not_yet_in_linux_next(trees: Trees) -> None:
    trees.repo.git(
        "config remote.net.url", "git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net-next.git"
    )
    trees.repo.git("update-ref refs/remotes/origin/master master")
    commit = _commit_on_remote(trees, "net/main", f"{ONE}\n\nCheck it.\n", MATT)
    trees.repo.git("update-ref refs/remotes/net/for-next", commit)
    merged = track_series(trees, P1, P2)
    assert (merged.state, merged.why) == (
        "partly-accepted",
        "1 of 2 applied; 2/2 has no reply",
    )
    (landing,) = merged.landed
    assert (landing.tree, landing.commit) == ("netdev/net-next.git (for-next)", commit)
    assert (track_series(trees, ALONE).state, track_series(trees, ALONE).why) == (
        "accepted",
        "in netdev/net-next.git (for-next)",
    )
    trees.repo.git("update-ref refs/tags/next-20240408", commit)
    assert track_series(trees, ALONE).state == "in-next"
    trees.repo.git("update-ref refs/remotes/origin/master", commit)
    assert track_series(trees, ALONE).state == "in-mainline"


def test_pushed_topic_is_not_a_maintainer_tree(
    trees: Trees,
) -> None:
    _commit_on_remote(trees, "origin/topic", f"{ONE}\n\nCheck it.\n", ADA)
    assert track_series(trees, ALONE).state == "sent"
    commit = _commit_on_remote(
        trees,
        "ada/for-next",
        "pump: another title\n\nLink: https://lore.kernel.org/r/p1@example.org\n",
        ADA,
    )
    merged = track_series(trees, ALONE)
    assert (merged.state, merged.why, merged.patches[0].proof.commit) == (
        "accepted",
        "in ada (for-next)",
        commit,
    )


def build_check_mail() -> bytes:
    """Return a patch with the changes that `Trees.commit` makes."""
    diff = (
        f"--- a/{FILE}\n+++ b/{FILE}\n@@ -11,3 +11,6 @@\n \tint rc;\n \n+\tif (!pump)\n+\t\treturn"
        " -EINVAL;\n+\n \trc = pump_prime(pump);\n"
    )
    return build_mail(
        f"[PATCH] {ONE}",
        f"Check it.\n\nSigned-off-by: {ADA}\n---\ndiff --git a/{FILE} b/{FILE}\n{diff}",
        id="p1",
    )


def test_retitled_commit_in_maintainer_tree_is_matched_by_its_changes(trees: Trees) -> None:
    trees.repo.git("update-ref refs/remotes/origin/master master")
    message = "pump: do not start without a pump\n\nCheck it.\n"
    _commit_on_remote(trees, "ada/topic", message, ADA)
    assert track_series(trees, build_check_mail()).state == "sent"
    commit = _commit_on_remote(trees, "input/for-linus", message, MATT)
    answer = build_reply(
        f"[PATCH] {ONE}", "Applied, thank you.", sender=MATT, id="a", reply_to="p1"
    )
    applied = track_series(trees, build_check_mail(), answer)
    assert (applied.proven, applied.why) == ("accepted", "in input (for-linus)")
    assert [it.commit for it in applied.landed] == [commit]


@pytest.mark.parametrize("link", ["Link: https://lore.kernel.org/r/p1@example.org\n", ""])
def test_retitled_commit_is_matched_by_link_or_diff(trees: Trees, link: str) -> None:
    patch_mail = build_check_mail()
    commit = trees.commit(
        f"demo: pump: do not start without a pump\n\nCheck it.\n\n{link}Signed-off-by: {ADA}\n"
    )
    merged = track_series(trees, patch_mail)
    assert (merged.state, merged.patches[0].proof.commit) == ("in-mainline", commit)


def test_slow_diff_search_times_out(trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = trees.commit(
        "demo: pump: do not start without a pump\n"
        "\nLink: https://lore.kernel.org/r/p1@example.org\n"
    )
    assert track_series(trees, ALONE).patches[0].proof.commit == commit
    monkeypatch.setattr(landed_series, "_SEARCH_SECONDS", 0.0)
    assert track_series(trees, ALONE).state == "sent"


def test_second_search_covers_only_new_commits(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[tuple[str, ...]] = []
    git = Repository.git

    def count_call(self: Repository, *arguments: str, **options: Any) -> Completed:
        searches.extend([arguments] if arguments[0] == "rev-list" and FILE in arguments else [])
        return git(self, *arguments, **options)

    monkeypatch.setattr(Repository, "git", count_call)
    first = trees.commit("demo: pump: another change\n", checked=False)
    assert [track_series(trees, ALONE).state for _ in range(2)] == ["sent", "sent"]
    assert len(searches) == 1
    commit = trees.commit(
        "demo: pump: do not start without a pump\n"
        "\nLink: https://lore.kernel.org/r/p1@example.org\n"
    )
    assert track_series(trees, ALONE).patches[0].proof.commit == commit
    assert f"^{first}" in searches[1]


def test_later_fix_makes_the_series_unfinished(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    backport = trees.backport(commit, "6.1")
    fix_id = trees.repo.commit(
        f'pump: check it rightly\n\nFixes: {commit[:12]} ("{ONE}")\n', {FILE: "new\n"}
    )
    merged = track_series(trees, ALONE)
    assert [
        (follow_up.relation, follow_up.commit, follow_up.lacking) for follow_up in merged.follow_ups
    ] == [("fixes", fix_id, ("6.1",))]
    assert next_step(merged).startswith("“pump: check it rightly”")
    trees.repo.checkout(backport)
    fixed_commit = trees.repo.commit(
        f'pump: check it rightly\n\ncommit {fix_id} upstream.\n\nFixes: {commit[:12]} ("{ONE}")\n',
        {FILE: "new\n"},
    )
    trees.repo.git("update-ref refs/remotes/stable/linux-6.1.y", fixed_commit)
    trees.repo.checkout("master")
    merged = track_series(trees, ALONE)
    assert [follow_up.lacking for follow_up in merged.follow_ups] == [()]
    assert next_step(merged) == "done: nothing is left to do"


STABLE = "Cc: stable@vger.kernel.org\n"


@pytest.mark.parametrize(
    ("tag", "words", "command"),
    [
        (STABLE, "by its Cc: stable tag", "patchpilot backport {}`"),
        ("", "has no Cc: stable tag", "patchpilot backport {} --request`"),
    ],
)
def test_merged_series_waits_for_affected_stable_branches(
    tag: str, words: str, command: str, trees: Trees
) -> None:
    bug = trees.repo.commit("pump: be quick", {"Makefile": "quick\n"})
    trees.repo.git("update-ref refs/remotes/stable/linux-6.6.y", bug)
    trees.repo.git("update-ref refs/remotes/stable/linux-6.1.y", trees.first)
    trees.commit_to_stable("6.12", f"pump: be quick\n\ncommit {bug} upstream.\n", checked=False)
    fixes = f'Fixes: {bug[:12]} ("pump: be quick")\n'
    commit = trees.commit(f"{ONE}\n\nCheck it.\n\n{fixes}{tag}")
    merged = track_series(trees, ALONE)
    step = advise(merged)
    assert (merged.state, step.need) == ("in-mainline", "waiting")
    advice = str(step.advice)
    assert advice.startswith("wait for the stable branches 6.6, 6.12: ")
    assert words in advice
    assert command.format(commit[:12]) in advice
    trees.backport(commit, "6.12")
    merged = track_series(trees, ALONE)
    assert merged.state == "in-stable"
    assert next_step(merged).startswith("wait for the stable branch 6.6: ")
    trees.backport(commit, "6.6")
    assert advise(track_series(trees, ALONE)).need == "finished"


def test_branch_that_started_after_the_merge_is_no_stable_state(trees: Trees) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n")
    trees.repo.tag("v6.9-rc1")
    trees.repo.git("update-ref refs/remotes/stable/linux-6.12.y", commit)
    merged = track_series(trees, ALONE)
    assert (merged.state, merged.why) == ("in-mainline", "first in v6.9-rc1")
    assert [landed.tree for landed in merged.landed] == ["torvalds/linux"]
    trees.backport(commit, "6.1", tag="v6.1.120")
    assert track_series(trees, ALONE).why == "6.1 released in v6.1.120"


def test_untagged_fix_is_requested_after_the_waiting_time(trees: Trees) -> None:
    bug = trees.repo.commit("pump: be quick", {"Makefile": "quick\n"})
    trees.repo.git("update-ref refs/remotes/stable/linux-6.6.y", bug)
    commit = trees.commit(f'{ONE}\n\nCheck it.\n\nFixes: {bug[:12]} ("pump: be quick")\n')
    trees.repo.tag("v6.9-rc1")
    merged = track_series(trees, ALONE)
    assert advise(merged).need == "waiting"
    (landed,) = merged.landed
    assert landed.released
    later = replace(merged, now=landed.released + timedelta(days=100))
    assert advise(later).need == "your turn"
    assert str(advise(later).advice) == (
        "ask for the stable branch 6.6: it has no Cc: stable tag, and was not taken since v6.9-rc1;"
        f" `patchpilot backport {commit[:12]} --request` writes the message that asks for it"
    )


@pytest.mark.parametrize("in_branch", [False, True])
def test_failure_counts_only_for_a_branch_with_the_bug(in_branch: bool, trees: Trees) -> None:
    bug = trees.repo.commit("pump: be quick", {"Makefile": "quick\n"})
    start = bug if in_branch else trees.first
    trees.repo.git("update-ref refs/remotes/stable/linux-6.1.y", start)
    commit = trees.commit(f'{ONE}\n\nCheck it.\n\nFixes: {bug[:12]} ("pump: be quick")\n{STABLE}')
    failure = build_stable_failure_notice(ONE, commit, "6.1", id="failed", minutes=100)
    unknown = build_stable_failure_notice(ONE, commit, "5.10", id="gone", minutes=101)
    merged = track_series(trees, ALONE, failure, unknown)
    states = {branch.version: branch.words for branch in merged.stable}
    advice = next_step(merged)
    if in_branch:
        assert states["6.1"] == "did not apply"
        assert "send a backport to 5.10, 6.1" in advice
    else:
        assert states["6.1"] == "not needed: the branch does not have the bug"
        assert "send a backport to 5.10" in advice, "this branch is not known"
    trees.repo.git("update-ref refs/remotes/stable/linux-5.10.y", trees.first)
    step = advise(track_series(trees, ALONE, failure, unknown))
    assert step.need == ("your turn" if in_branch else "finished")
    assert "5.10" not in str(step.advice) or not in_branch


def test_series_with_only_cc_stable_waits_for_a_stable_branch(
    trees: Trees,
) -> None:
    commit = trees.commit(f"{ONE}\n\nCheck it.\n\n{STABLE}")
    merged = track_series(trees, ALONE)
    assert advise(merged).need == "waiting"
    assert next_step(merged).startswith("wait for the stable branches: ")
    trees.backport(commit, "6.6")
    assert advise(track_series(trees, ALONE)).need == "finished"


def test_untagged_fix_is_finished_after_its_merge(trees: Trees) -> None:
    trees.commit(f"{ONE}\n\nCheck it.\n")
    assert next_step(track_series(trees, ALONE)) == "done: it is in mainline"


def test_merge_is_found_without_the_archive(trees: Trees, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    with (
        Store(tmp_path / "track.sqlite") as store,
        Repository.open(trees.repo.path) as repository,
    ):
        entry = store.add("p1@example.org", ONE, nowhere, None, is_chosen=True)
        store.keep(entry.id, ONE, parse(build_mbox(ALONE)), seen_ids=["p1@example.org"])
    trees.commit(f"{ONE}\n\nCheck it.\n")
    with (
        Store(tmp_path / "track.sqlite") as store,
        Repository.open(trees.repo.path) as repository,
    ):
        (series,) = update_tracked_series(
            UpdateRequest(fresh=True),
            store=store,
            archive_at=open_archive,
            repository=repository,
        )
    assert series.unreachable
    assert (series.state, len(series.about.landed)) == ("in-mainline", 1)


def _post_backport(commit: str, version: str = "5.15", prefix: str = "5.15.y") -> bytes:
    message = f"commit {commit} upstream.\n\nCheck it.\n"
    title = f"[PATCH {prefix}] {ONE}"
    return build_patch_mail(title, message=message, id="b", reply_to=f"f{version}", minutes=200)


def _fail(commit: str, version: str = "5.15") -> bytes:
    return build_stable_failure_notice(ONE, commit, version, id=f"f{version}", minutes=100)


@pytest.mark.parametrize("prefix", ["5.15.y", "stable"])
def test_backport_waits_for_its_own_branch(trees: Trees, prefix: str) -> None:
    trees.repo.git("update-ref refs/remotes/stable/linux-5.15.y", trees.first)
    commit = trees.commit(f"{ONE}\n\nCheck it.\n\n{STABLE}")
    trees.backport(commit, "6.6", tag="v6.6.20")
    queued = build_stable_queue_notice(ONE, commit, "6.1", id="q", minutes=110)
    mails = (_fail(commit), queued, _post_backport(commit, prefix=prefix))
    sent = track_series(trees, *mails)
    assert (sent.state, [(it.version, it.words) for it in sent.stable], sent.landed) == (
        "sent",
        [("5.15", "backport sent")],
        (),
    )
    assert (advise(sent).need, next_step(sent)[:17]) == ("waiting", "wait for replies;")
    remarks = "This lacks a lock. Please add it and send a new version."
    review = build_reply(f"[PATCH {prefix}] {ONE}", remarks, id="r", reply_to="b", minutes=300)
    reviewed = track_series(trees, *mails, review)
    assert (reviewed.state, advise(reviewed).need) == ("changes-requested", "your turn")
    own = build_stable_queue_notice(ONE, commit, "5.15", id="o", minutes=400)
    queued_backport = track_series(trees, *mails, own)
    assert (queued_backport.state, next_step(queued_backport)) == (
        "accepted",
        "follow the stable review of 5.15; once it is released, run `git fetch --all --tags`; if it"
        " should not be applied: `patchpilot track reply"
        " '<o@example.org>' --template objection`",
    )
    trees.backport(commit, "5.15", tag="v5.15.172")
    merged = track_series(trees, *mails)
    assert (merged.state, merged.why, advise(merged).need) == (
        "in-stable",
        "5.15 released in v5.15.172",
        "finished",
    )
    backport = trees.repo.git("rev-parse refs/remotes/stable/linux-5.15.y")
    reason = f"This reverts commit {backport} which is commit {commit} upstream."
    trees.commit_to_stable("5.15", f'Revert "{ONE}"\n\n{reason}\n', checked=False)
    assert "the fix was reverted in 5.15" in next_step(track_series(trees, *mails))


def test_all_patches_are_counted_when_a_message_names_one_commit(trees: Trees) -> None:
    first = trees.commit(f"{ONE}\n\nCheck it.\n")
    second = trees.commit(f"{TWO}\n\nCount them.\n")
    for commit in (first, second):
        trees.backport(commit, "6.1", tag="")
    trees.backport(first, "6.6")
    queued = build_stable_queue_notice(TWO, second, "6.1", id="q", minutes=100)
    merged = track_series(trees, P1, P2, queued)
    assert {branch.version: branch.note for branch in merged.stable} == {
        "6.1": "",
        "6.6": "only patch 1 of 2",
    }
