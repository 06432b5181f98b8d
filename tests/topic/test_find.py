# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding a topic: its change-id follows the subject until the first send."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.model.draft import Draft
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.questions import save_draft_answer
from patchpilot.series.draft import Drafts
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.topic.find import find_containing_draft, find_topic
from patchpilot.topic.upstream_state import add_topic_prefix
from tests.kit.backport_world import World
from tests.kit.repos import Repo
from tests.kit.smtp import Sink
from tests.kit.topics import SIGNED, configure_mail_server, topic


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = topic(tmp_path / "r", 1)
    retitle(repo, "Fixed bug in widget")
    return repo


def retitle(repo: Repo, title: str) -> None:
    repo.git("commit -q --amend -m", f"{title}\n\nIt was wrong.\n\n{SIGNED}")


def read_change_id(repo: Repo) -> str:
    with Repository.open(repo.path) as repository:
        return find_topic(repository, SendRequest()).draft.change_id


def test_change_id_follows_the_subject(repo: Repo) -> None:
    first = read_change_id(repo)
    assert "-fixed-bug-in-widget-" in first
    with Repository.open(repo.path) as repository:
        save_draft_answer(repository, "security", "no")
    retitle(repo, "widget: count the turns")
    with Repository.open(repo.path) as repository:
        dry = find_topic(repository, SendRequest(dry_run=True)).draft
        draft = find_topic(repository, SendRequest()).draft
    assert draft.change_id == first.replace("fixed-bug-in-widget", "widget-count-the-turns")
    assert dry.change_id == draft.change_id
    assert draft.answers == {"security": "no"}
    with Drafts() as drafts:
        assert [draft.change_id for draft in drafts.all()] == [draft.change_id]


def test_change_id_stays_after_a_send(repo: Repo) -> None:
    with Sink() as sink:
        repo.git("config --global sendemail.smtpserver 127.0.0.1")
        repo.git(f"config --global sendemail.smtpserverport {sink.port}")
        options = "--to me@example.org --force x --yes --to-self"
        assert repo.patchpilot(f"send {options}").code == 0
    first = read_change_id(repo)
    retitle(repo, "widget: count the turns")
    assert read_change_id(repo) == first


def store_prefix(repository: Repository, request: SendRequest) -> Draft:
    """Store a topic's draft with its prefix, as a send does."""
    draft = find_topic(repository, request).draft
    with Drafts() as drafts:
        return drafts.keep(replace(draft, prefix=""), draft, "send of v1")


def test_each_stable_branch_has_its_own_topic(world: World, tmp_path: Path) -> None:
    world.repo.branch("topic", world.groundwork)
    world.repo.git("cherry-pick", "-s", world.fix)
    for version in ("6.12", "6.6"):
        world.create_stable_branch(version, world.groundwork)
    world.repo.checkout("topic")
    with Repository.open(world.repo.path) as repository:
        mainline = store_prefix(repository, SendRequest(target="HEAD^..HEAD", prefix="net"))
    assert world.run_backport(world.fix, "--write", tmp_path, "--signoff").code == 0
    found = {}
    for version in ("6.12", "6.6"):
        file = str(next((tmp_path / version).iterdir()))
        with Repository.open(world.repo.path) as repository:
            dry = find_topic(repository, SendRequest(target=file, dry_run=True)).draft
            draft = store_prefix(repository, SendRequest(target=file))
            again = find_topic(repository, SendRequest(target=file)).draft
        assert (dry.prefix, draft.prefix) == (f"PATCH {version}.y",) * 2
        assert again.change_id == draft.change_id
        found[version] = draft.change_id
    with Repository.open(world.repo.path) as repository:
        again = find_topic(repository, SendRequest(target="HEAD^..HEAD")).draft
    assert (again.change_id, again.prefix) == (mainline.change_id, "PATCH net")
    assert len({mainline.change_id, *found.values()}) == 3


def test_backport_in_a_branch_is_not_the_mainline_topic(world: World) -> None:
    world.repo.branch("topic", world.groundwork)
    world.repo.git("cherry-pick", "-s", world.fix)
    release = ("Linux 6.12.1", {"Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n"})
    world.create_stable_branch("6.12", world.groundwork, release)
    world.repo.checkout("topic")
    with Repository.open(world.repo.path) as repository:
        mainline = store_prefix(repository, SendRequest(target="HEAD^..HEAD", prefix="net"))
    world.repo.git("remote add origin https://git.kernel.org/pub/scm/linux/torvalds/linux.git")
    world.repo.git("update-ref refs/remotes/origin/master master")
    world.repo.branch("topic-6.12", "linux-6.12.y")
    world.repo.git("cherry-pick", "-x", "-s", world.fix)
    world.repo.git("branch", "-q", "-D", "topic")
    with Repository.open(world.repo.path) as repository:
        _, (id_,), draft = find_topic(repository, SendRequest(base="linux-6.12.y"))
        series = add_topic_prefix(repository, read_commits_series(repository, (id_,), None))
    assert draft.prefix == "PATCH 6.12.y"
    assert draft.change_id != mainline.change_id
    assert series.patches[0].subject.prefix == "PATCH 6.12.y"


def test_prefix_of_the_user_stays_with_the_branch(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        draft = store_prefix(repository, SendRequest(prefix="PATCH 6.12.y"))
    retitle(repo, "widget: count the turns")
    with Repository.open(repo.path) as repository:
        again = find_topic(repository, SendRequest()).draft
    assert again.prefix == draft.prefix == "PATCH 6.12.y"


@pytest.mark.parametrize("is_sent", [False, True])
def test_backport_of_an_undisclosed_fix_is_undisclosed(
    repo: Repo, tmp_path: Path, is_sent: bool
) -> None:
    with Repository.open(repo.path) as repository:
        save_draft_answer(repository, "security", "yes")
    repo.git("format-patch -q -1 --subject-prefix", "PATCH 6.12.y", "-o", tmp_path)
    if is_sent:
        with Sink() as sink:
            repo.git("config --global sendemail.smtpserver 127.0.0.1")
            repo.git(f"config --global sendemail.smtpserverport {sink.port}")
            options = "--to me@example.org --force x --yes"
            assert repo.patchpilot(f"send {options}").code == 0
        with Drafts() as drafts:
            drafts.remove(read_change_id(repo))
    file = str(next(tmp_path.glob("*.patch")))
    with Repository.open(repo.path) as repository:
        draft = find_topic(repository, SendRequest(target=file)).draft
    assert draft.stable == "6.12"
    assert draft.is_undisclosed


@pytest.mark.parametrize("is_sent", [False, True])
def test_topic_keeps_its_draft_while_it_is_rebased(tmp_path: Path, is_sent: bool) -> None:
    """A guess about one patch, and commands at each stop of a rebase, start no other topic."""
    repo = topic(tmp_path / "r", 2)
    if is_sent:
        with Sink() as sink:
            configure_mail_server(repo, sink)
            assert repo.patchpilot("send --to me@example.org --force x --yes").code == 0
    change_id = read_change_id(repo)
    fix, cause = repo.git("rev-parse HEAD~1 master").split()
    request = PrepareRequest(fix, fixes=(cause,), stable="none", is_fix=True, doubt="it is old")
    with Repository.open(repo.path) as repository:
        assert prepare_commit_tags(repository, request).written
        save_draft_answer(repository, "security", "no")
    titles = ("widget: count the turns", "widget: name the line")
    repo.git("-c sequence.editor=sed\\ -i\\ s/^pick/edit/ rebase -q -i HEAD~2")
    for title in titles:
        retitle(repo, title)
        with Repository.open(repo.path) as repository:
            assert find_topic(repository, SendRequest()).draft.branch == "topic"
            find_containing_draft(repository, "HEAD", None)
        repo.git("rebase --continue")
    with Repository.open(repo.path) as repository, Drafts() as drafts:
        draft = find_topic(repository, SendRequest()).draft
        assert [it.change_id for it in drafts.all()] == [draft.change_id]
    assert bool(draft.links) is is_sent
    assert not is_sent or draft.change_id == change_id
    assert [patch.subject for patch in draft.patches] == list(titles)
    assert len(draft.answers) == 3
