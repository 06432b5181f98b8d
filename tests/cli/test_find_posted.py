# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `patchpilot find COMMIT` finds the commit's thread in a public-inbox and in local
archives.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.sending.questions import save_draft_answer
from tests.kit.archive import LOCAL, SERVED, FilledArchive, serve_archive
from tests.kit.cli import call
from tests.kit.mails import MATT, START, build_mail, build_reply, build_stable_queue_notice
from tests.kit.repos import Repo

FILE = "drivers/demo/pump.c"
TITLE = "demo: pump: check the pointer"
BEFORE = "".join(f"int pump_{number};\n" for number in range(12))
AFTER = BEFORE.replace("int pump_5;", "int pump_5 = 5;\nint pump_limit = 5;")
LATER = int((START + timedelta(days=30)).timestamp())


class PostedTopic:
    """A tree, an archive, and the commits of the patches in the archive."""

    archive: FilledArchive

    def __init__(self, folder: Path, archive: FilledArchive | None = None) -> None:
        if archive:
            self.archive = archive
        self.repo = Repo(folder / "linux", start_time=LATER)
        self.repo.commit(
            "start\n",
            {
                "Makefile": "VERSION = 6\n",
                "MAINTAINERS": "x\n",
                "Kbuild": "x\n",
                "Kconfig": "x\n",
                FILE: BEFORE,
            },
        )
        self.repo.tag("v6.8")

    def post_patch(self, *words: str, **options: Any) -> None:
        self.archive.add(self.build_patch(*words, **options))

    def build_patch(
        self, message_id: str, prefix: str = "PATCH", title: str = TITLE, **options: Any
    ) -> bytes:
        text = "The limit is missing.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
        body = f"{text}---\n{self._make_diff()}\n-- \n2.43.0\n"
        return build_mail(f"[{prefix}] {title}", body, id=message_id, **options)

    def _make_diff(self) -> str:
        self.repo.put(FILE, AFTER)
        diff = self.repo.git("diff --", FILE)
        self.repo.put(FILE, BEFORE)
        return diff

    def commit_change(self, trailer: str = "", title: str = TITLE) -> str:
        return self.repo.commit(
            f"{title}\n\nThe limit is missing.\n\n{trailer}"
            "Signed-off-by: Ada Fixer <ada@example.org>\n",
            {FILE: AFTER},
            author="Ada Fixer <ada@example.org>",
        )

    def find_posted(self, commit: str, exit_code: int = 0) -> dict[str, Any]:
        outcome = call(
            "find", commit, "-C", self.repo.path, "--lore", self.archive.url,
            "--format", "json",
        )  # fmt: skip
        assert outcome.code == exit_code, outcome.err
        result: dict[str, Any] = json.loads(outcome.out) if not exit_code else {"err": outcome.err}
        return result


ARCHIVES = (*SERVED, *LOCAL)


@pytest.fixture(
    params=[
        pytest.param(kind, marks=pytest.mark.long if "public-inbox" in kind else ())
        for kind in ARCHIVES
    ]
)
def archived_patch(request: pytest.FixtureRequest, workdir: Path) -> Iterator[PostedTopic]:
    """Create an archive of each kind that contains two versions. The second one was reviewed."""
    posted_topic = PostedTopic(workdir)
    mails = (
        posted_topic.build_patch("v1"),
        posted_topic.build_patch("v2", "PATCH v2", minutes=1440),
        build_reply(
            f"[PATCH v2] {TITLE}",
            "Reviewed-by: Rita Reviewer <rita@example.net>",
            id="r2",
            reply_to="v2",
            minutes=1500,
        ),
    )
    with serve_archive(request.param, workdir / "inbox", *mails) as posted_topic.archive:
        yield posted_topic


@pytest.mark.parametrize("archived_patch", ARCHIVES, indirect=True)
def test_link_finds_the_whole_thread(
    archived_patch: PostedTopic,
) -> None:
    fix = archived_patch.commit_change("Link: https://lore.kernel.org/r/v2@example.org\n")
    archived_patch.repo.tag("v6.9-rc1")
    archived_patch.repo.branch("linux-6.8.y", "v6.8")
    backport_commit = archived_patch.repo.commit(
        f"{TITLE}\n\ncommit {fix} upstream.\n\nThe limit is missing.\n",
        {FILE: AFTER},
        author="Ada Fixer <ada@example.org>",
    )
    match = archived_patch.find_posted(backport_commit)
    assert (match["commit"], match["upstream"]) == (backport_commit, fix)
    assert (match["found_by"], match["message_id"]) == ("link", "v2@example.org")
    assert match["version"] == 2
    series = match["series"]
    assert [version["version"] for version in series["revisions"]] == [1, 2]
    assert [tag["trailer"] for tag in series["trailers"]] == [
        "Reviewed-by: Rita Reviewer <rita@example.net>"
    ]
    assert {commit["tree"]: commit["commit"] for commit in series["landed"]} == {
        "torvalds/linux": fix,
        "stable/linux-6.8.y": backport_commit,
    }


def test_latest_version_before_the_commit_is_found(
    archived_patch: PostedTopic,
) -> None:
    archived_patch.post_patch("v9", "PATCH v9", minutes=60 * 24 * 60)
    match = archived_patch.find_posted(archived_patch.commit_change())
    assert match["message_id"] == "v2@example.org"
    assert match["upstream"] is None


def test_commit_starts_a_tracked_series(archived_patch: PostedTopic) -> None:
    arguments = ("-C", archived_patch.repo.path, "--lore", archived_patch.archive.url)
    outcome = call("track add", archived_patch.commit_change(), *arguments, "--json")
    assert outcome.code == 0, outcome.err
    (series,) = json.loads(outcome.out)["series"]
    assert [version["message_id"] for version in series["revisions"]] == [
        "v1@example.org",
        "v2@example.org",
    ]
    assert call("track add HEAD^{tree}", *arguments).code == 2


def test_tree_report_starts_the_series_of_its_commit(workdir: Path) -> None:
    with serve_archive("mbox", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        commit = posted.commit_change()
        archive.add(build_stable_queue_notice(TITLE, commit, "6.1", id="q1"))
        arguments = ("-C", posted.repo.path, "--lore", archive.url, "--json")
        (series,) = json.loads(call("track add", commit, *arguments).out)["series"]
    assert (series["subject"], series["stable"][0]["state"]) == (TITLE, "queued")


def test_only_a_pull_request_is_a_report(workdir: Path) -> None:
    with serve_archive("mbox", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        commit = posted.commit_change()
        for ident, subject in (
            ("up", "[PATCH 0/2] pinctrl: demo: fix the pull-up setting"),
            ("pull", "[GIT PULL] demo fixes"),
        ):
            archive.add(build_mail(subject, f"It follows {commit[:12]}.\n", id=ident))
        assert posted.find_posted(commit)["message_id"] == "pull@example.org"


def test_topic_posted_after_its_commit_is_found(workdir: Path) -> None:
    with serve_archive("mbox", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        commit = posted.commit_change()
        posted.post_patch("v1", minutes=60 * 24 * 60)
        posted.post_patch("v2", "PATCH v2", minutes=61 * 24 * 60)
        assert posted.find_posted(commit)["message_id"] == "v1@example.org"


def test_link_to_a_report_is_not_a_patch(archived_patch: PostedTopic) -> None:
    archived_patch.archive.add(
        build_mail("demo: pump crashes", "It does.\n", sender=MATT, id="report")
    )
    match = archived_patch.find_posted(
        archived_patch.commit_change("Link: https://lore.kernel.org/r/report@example.org\n")
    )
    assert match["message_id"] == "v2@example.org"


def test_retitled_patch_is_found_by_its_diff(archived_patch: PostedTopic) -> None:
    match = archived_patch.find_posted(
        archived_patch.commit_change(title="pump: add the limit that is missing")
    )
    assert match["message_id"] == "v2@example.org"
    assert match["found_by"] in ("patch-id", "changes")


def test_patch_id_search_is_used_if_supported(workdir: Path) -> None:
    with serve_archive("stand-in", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        posted.post_patch("v1", sender="Ada Fixer <ada@home.example>")
        match = posted.find_posted(
            posted.commit_change(title="pump: add the limit that is missing")
        )
        assert (match["found_by"], match["message_id"]) == (
            "patch-id",
            "v1@example.org",
        )
        assert match["url"] == f"{archive.url}/v1@example.org/"


def test_undisclosed_fix_is_not_searched(workdir: Path) -> None:
    with serve_archive("stand-in", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        posted.repo.git("update-ref refs/remotes/origin/master HEAD")
        posted.repo.branch("topic")
        commit = posted.commit_change()
        with Repository.open(posted.repo.path) as repository:
            save_draft_answer(repository, "security", "yes")
        error = posted.find_posted(commit, exit_code=1)["err"]
        assert "undisclosed" in error
        assert "track add --mbox FILE" in error


def test_sender_may_differ_from_the_author(archived_patch: PostedTopic) -> None:
    text = (
        "From: Ada Fixer <ada@example.org>\n\nIt is the same.\n\n"
        "Signed-off-by: Ada Fixer <ada@example.org>\n"
    )
    title = "demo: valve: open it before the pump starts"
    diff = archived_patch._make_diff().replace("pump", "valve")
    archived_patch.archive.add(
        build_mail(f"[PATCH] {title}", f"{text}---\n{diff}\n", sender=MATT, id="carried")
    )
    commit = archived_patch.repo.commit(
        f"{title}\n\nIt is.\n",
        {"drivers/demo/valve.c": "x\n"},
        author="Ada Fixer <ada@example.org>",
    )
    assert archived_patch.find_posted(commit)["message_id"] == "carried@example.org"


def test_error_names_the_unarchived_link(archived_patch: PostedTopic) -> None:
    commit = archived_patch.repo.commit(
        "demo: tank: something that was never posted\n\nLink: https://lore.kernel.org/r/v1@example.org\n",
        {"tank.c": "x\n"},
        author="Tom Tank <tom@example.org>",
    )
    error = archived_patch.find_posted(commit, exit_code=3)["err"]
    assert "has no patch for" in error
    assert "v1@example.org" in error
    assert "--lore" in error


def test_output_shows_the_track_command(workdir: Path) -> None:
    with serve_archive("mbox", workdir / "inbox") as archive:
        posted = PostedTopic(workdir, archive)
        posted.post_patch("v1")
        commit = posted.commit_change()
        arguments = ("-C", posted.repo.path, "--lore", archive.url)
        output = call("find", commit, *arguments).out
        assert f'commit {commit[:12]} ("{TITLE}")' in output
        assert "found by subject and author" in output
        assert "<v1@example.org>" in output
        assert "patchpilot track add '<v1@example.org>'" in output
        assert call("track").out.startswith("no series is tracked")


def test_offline_and_unknown_commits_are_reported(workdir: Path) -> None:
    posted = PostedTopic(workdir)
    assert call("find HEAD -C", posted.repo.path, "--offline").code == 4
    assert call("find 0123456789ab -C", posted.repo.path).code == 2
    assert call("find").code == 2
