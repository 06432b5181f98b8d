# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all commands agree on topics whose fix is in mainline or in another tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    compute_backport_verdicts,
)
from patchpilot.backports.topic import compute_topic_backports
from patchpilot.backports.work import next_backport_step
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.demo.archive_server import HttpAnswer, StandIn
from patchpilot.lint.lint_context import Options
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.questions import (
    find_pre_send_questions,
    save_draft_answer,
)
from patchpilot.settings.read_settings import read_settings
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.find import find_topic
from patchpilot.topic.posted_elsewhere import find_posts_by_others
from patchpilot.topic.upstream_state import find_commit_state, find_merged_series
from patchpilot.tui.screens.commit_rows import TopicCommits, list_open_steps
from tests.kit.archive import serve_archive
from tests.kit.mails import build_reply
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

SECTION = """\
Maintainers

ACME {0}
M:\tWanda Widget <wanda@example.net>
L:\twidgets@lists.example.org
S:\tMaintained
T:\tgit git://git.example.org/net.git
F:\tdrivers/net/

THE REST
M:\tLena Linus <lena@example.net>
S:\tBuried alive in reporters
T:\tgit git://git.example.org/origin.git
F:\t*
F:\t*/
"""
DRIVER = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/acme.h>

static int acme_start(struct acme *acme)
{
\tint ret;

\tret = acme_power(acme, true);
\tif (ret)
\t\treturn ret;

\tacme_enable(acme);
\tmsleep(20);
\treturn 0;
}

static int acme_read(struct acme *acme)
{
\tu32 images;

\timages = acme_get(acme, ACME_IMAGES);
\tdev_dbg(acme->dev, "%u images\\n", images);
\tacme->table = kcalloc(images, sizeof(*acme->table), GFP_KERNEL);
\tacme_fill(acme, images);
\treturn 0;
}

static int acme_write(struct acme *acme)
{
\tu32 images;

\timages = acme_get(acme, ACME_SLOTS);
\tdev_dbg(acme->dev, "%u slots\\n", images);
\tacme_flush(acme, images);
\treturn 0;
}
"""
GET = "\timages = acme_get(acme, ACME_IMAGES);\n"
DEBUG = '\tdev_dbg(acme->dev, "%u images\\n", images);\n'
ALLOCATED = "GFP_KERNEL);\n\tacme_fill"
CHECK = "\tif (images > ACME_MOST_IMAGES)\n\t\treturn -EINVAL;\n"
FIX = (GET, GET + CHECK)
ONE_LINE = (GET, "\timages = acme_get(acme, ACME_IMAGES) & 0xff;\n")
OTHER_LINE = (GET, "\timages = min(acme_get(acme, ACME_IMAGES), 16u);\n")
NO_MEMORY = "\tif (!acme->table)\n\t\treturn -ENOMEM;\n\tacme_fill"
FILL = (ALLOCATED, f"GFP_KERNEL);\n{NO_MEMORY}")
EIO = (ALLOCATED, FILL[1].replace("ENOMEM", "EIO"))
Edit = tuple[str, str]


@dataclass(frozen=True)
class UpstreamCase:
    """A topic, the upstream changes to its driver, and the expected result.

    Each step is a subject and edits. A commit with `subject!` is only in linux-next, and one with
    `subject@` only in the maintainer's tree. The result is "fixed" or "perhaps" with the tree or
    release, or "".
    """

    name: str
    steps: tuple[tuple[str, *tuple[Edit, ...]], ...]
    answer: str = ""
    topic: tuple[Edit, ...] = (FIX,)
    message: str = ""


UNDO = (GET + CHECK, GET)
REST = ("msleep(20);", "usleep_range(20000, 30000);")
WRITE = ("ACME_SLOTS);\n", f"ACME_SLOTS);\n{CHECK}")
REWRITTEN = (DRIVER[DRIVER.index(GET) : DRIVER.index("\tacme_fill")], "".join(
    f"\tacme_step(acme, {number});\n" for number in range(60)
))  # fmt: skip
CASES = (
    UpstreamCase("same", (("check it", FIX),), "fixed v6.2"),
    UpstreamCase("more", (("check it, sleep", FIX, REST),), "fixed v6.2"),
    UpstreamCase("similar", (("check", FIX, EIO),), "fixed v6.2", (FIX, FILL)),
    UpstreamCase("text", (("mask it", OTHER_LINE),), "perhaps v6.2", (ONE_LINE,)),
    UpstreamCase(
        "place",
        (("bound it", (GET, f"{GET}\timages = min(images, acme->most);\n")),),
        "perhaps v6.2",
    ),
    UpstreamCase("moved", (("move! ",), ("check it", FIX)), "fixed v6.2"),
    UpstreamCase("then-moved", (("check it", FIX), ("move! ",)), "fixed v6.2"),
    UpstreamCase("reverted", (("check it", FIX), ('Revert "{0}: check it"', UNDO))),
    UpstreamCase("undone", (("check it", FIX), ("drop a check", UNDO))),
    UpstreamCase(
        "again",
        (("check it", FIX), ('Revert "{0}: check it"', UNDO), ("check again", FIX)),
        "fixed v6.2",
    ),
    UpstreamCase("function", (("check slots", WRITE),)),
    UpstreamCase("next", (("check it!", FIX),), "fixed linux-next"),
    UpstreamCase("tree", (("check it@", FIX),), "fixed net/main"),
    UpstreamCase("late", (("sleep", REST), ("late: check it", FIX)), "fixed v6.3-rc1"),
    UpstreamCase(
        "tag",
        (("bound it\n\nFixes: 123456789abc (\"x\")", FILL),),
        "perhaps v6.2",
        message='Fixes: 123456789abc ("acme: add")\n',
    ),
    UpstreamCase("title", (("topic", FILL),), "perhaps v6.2"),
    UpstreamCase("file", (("sleep", REST),)),
    UpstreamCase("lines", (("test memory", FILL),)),
    UpstreamCase("rewritten", (("rewrite", REWRITTEN),)),
    UpstreamCase("debug", (("shout", (DEBUG, DEBUG.replace("dbg", "info"))),)),
    UpstreamCase("nothing", ()),
)  # fmt: skip


def make_driver_path(name: str) -> str:
    return f"drivers/net/{name}.c"


def apply_edits(file_text: str, edits: Sequence[Edit], name: str) -> str:
    for old_text, new_text in edits:
        old_text, new_text = (
            old_text.replace("acme", name),
            new_text.replace("acme", name),
        )
        assert old_text in file_text, (name, old_text)
        file_text = file_text.replace(old_text, new_text, 1)
    return file_text


class UpstreamTree:
    """Mainline with all cases, linux-next, a maintainer's tree, 6.1.y, and a topic for each
    case.
    """

    def __init__(self, path: Path) -> None:
        self.repo = repo = Repo(path)
        self.texts = {
            upstream_case.name: DRIVER.replace("acme", upstream_case.name.replace("-", "_"))
            for upstream_case in CASES
        }
        files = {make_driver_path(name): file_text for name, file_text in self.texts.items()}
        makefile_text = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n"
        extra_files = {"Makefile": makefile_text, "MAINTAINERS": SECTION.format(1)}
        self.base = repo.commit("start\n", {**files, **extra_files})
        repo.tag("v6.1")
        self.fixes: dict[str, str] = {}
        self.paths = {name: make_driver_path(name) for name in self.texts}
        self._late: list[tuple[str, str, Sequence[Edit]]] = []
        for upstream_case in CASES:
            for subject, *edits in upstream_case.steps:
                self._commit_step(upstream_case.name, subject, edits)
        repo.tag("v6.2")
        for name, subject, edits in self._late:
            if subject.startswith("late: "):
                self._edit_driver(name, subject, edits)
        repo.tag("v6.3-rc1")
        repo.git("update-ref refs/remotes/origin/master HEAD")
        self._commit_on_one_branch("!", "linux-next/master")
        self._commit_on_one_branch("@", "net/main")
        for remote in ("origin", "net", "linux-next", "stable"):
            url = f"https://git.example.org/{remote}.git"
            repo.git("config", f"remote.{remote}.url", url)
        repo.git("checkout -q -B work", self.base)
        repo.commit("Linux 6.1.1\n", {"Makefile": makefile_text.replace("L = 0", "L = 1")})
        repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
        for upstream_case in CASES:
            repo.branch(f"topic/{upstream_case.name}", self.base)
            self._create_topic(upstream_case)
        for name in ("same", "nothing"):
            repo.branch(f"topic/{name}-on-stable", "stable/linux-6.1.y")
            self._create_topic(
                next(upstream_case for upstream_case in CASES if upstream_case.name == name)
            )
        repo.git("config --global sendemail.smtpserver 127.0.0.1")

    def _commit_on_one_branch(self, subject_mark: str, ref: str) -> None:
        self.repo.git("checkout -q -B work origin/master")
        for name, subject, edits in self._late:
            if subject.endswith(subject_mark):
                self._edit_driver(name, subject[:-1], edits)
        self.repo.git("update-ref", f"refs/remotes/{ref}", "HEAD")

    def _create_topic(self, case: UpstreamCase) -> None:
        name = case.name.replace("-", "_")
        file_text = apply_edits(self.texts[case.name], case.topic, name)
        message = f"{name}: topic\n\nIt hangs if there are many.\n\n{case.message}{SIGNED_LINE}"
        self.repo.commit(message, {make_driver_path(case.name): file_text})

    def _commit_step(self, name: str, subject: str, edits: Sequence[Edit]) -> None:
        if subject == "move! ":
            self.paths[name] = f"drivers/acme/{name}.c"
            (self.repo.path / "drivers/acme").mkdir(exist_ok=True)
            self.repo.git("mv", make_driver_path(name), self.paths[name])
            self.repo.commit(f"{name}: move\n")
        elif subject.startswith("late: ") or subject.endswith(("!", "@")):
            self._late.append((name, subject, edits))
        else:
            self._edit_driver(name, subject, edits)

    def _edit_driver(self, name: str, subject: str, edits: Sequence[Edit]) -> None:
        file = self.repo.path / self.paths[name]
        file_text = apply_edits(file.read_text(), edits, name.replace("-", "_"))
        title = subject.format(name) if "Revert" in subject else f"{name}: {subject}"
        commit = self.repo.commit(f"{title}\n", {self.paths[name]: file_text})
        self.fixes[name] = commit


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> UpstreamTree:
    return UpstreamTree(tmp_path_factory.mktemp("upstream") / "linux")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_check_send_backport_and_tui_agree(upstream: UpstreamTree, case: UpstreamCase) -> None:
    upstream.repo.checkout(f"topic/{case.name}")
    topic = upstream.repo.git("rev-parse HEAD")
    kind, _, where = case.answer.partition(" ")
    with Repository.open(upstream.repo.path) as repository:
        state = find_commit_state(repository, topic)
        (fix,) = state.fixes or (None,)
        assert state.stable is None
        assert bool(fix) == bool(kind), fix
        if fix:
            assert (fix.is_sure, fix.where) == (kind == "fixed", where)
            assert fix.in_mainline == where.startswith("v")
            assert fix.commit == upstream.fixes[case.name]
        words = fix.words if fix else None
        driver = Driver(Options(strict=True), repository=repository)
        (checked,) = driver.check_source(PatchSource()).patches
        assert next(
            (
                (finding.severity.value, finding.message)
                for finding in checked.findings
                if finding.name == "fixed-upstream"
            ),
            None,
        ) == (fix and ("error" if fix.is_sure else "note", words))
        plan = plan_sending(repository, SendRequest())
        blocked = {blocker.name: blocker.message for blocker in plan.blockers}
        warned = {warning.name: warning.message for warning in plan.warnings}
        assert blocked.get("already-fixed") == (words if kind == "fixed" else None)
        assert warned.get("perhaps-fixed") == (words if kind == "perhaps" else None)
        patches = tuple(item.patch for item in (checked,))
        rows = list_open_steps(TopicCommits(patches), find_pre_send_questions(repository))
        assert (rows[0].words == words) == bool(fix)
        assert not any("fixed by" in row.words for row in rows[bool(fix) :])
        request = BackportRequest("HEAD", effort=0)
        results = compute_backport_verdicts(repository, request)
        # a commit in mainline and in the maintainer's tree, which has it too, is in mainline
        is_merged = case.answer.startswith("fixed v")
        used = upstream.fixes[case.name] if is_merged else topic
        assert results[0].commit == used
        if used != topic:
            assert str(next_backport_step(repository, results, request)) == (
                f"use {used[:12]}: patchpilot fixes {used[:12]}"
            )


@pytest.mark.parametrize("name", ["same", "nothing"])
def test_stable_branch_is_not_a_mainline_base(upstream: UpstreamTree, name: str) -> None:
    upstream.repo.checkout(f"topic/{name}-on-stable")
    base = upstream.repo.git("rev-parse stable/linux-6.1.y")[:12]
    patch = upstream.repo.patchpilot("check --format json").json["patches"][0]
    reported_findings = {
        finding["name"]: (finding["message"], finding["fix"]["text"])
        for finding in patch["findings"]
        if finding["name"] in ("stable-base", "fixed-upstream")
    }
    message = "based on stable 6.1, but patches are for mainline first"
    rebase = f"git rebase --onto origin/master {base}"
    assert reported_findings.pop("stable-base") == (message, rebase)
    fix = upstream.fixes.get(name, "")[:12]
    ask = f"patchpilot backport {fix}"
    words = f"fixed by {fix} in v6.2: same: check it"
    assert reported_findings == ({"fixed-upstream": (words, ask)} if fix else {})
    result = upstream.repo.patchpilot("send --dry-run --format json").json["refusals"]
    hints = {warning["name"]: warning["hint"] for warning in result}
    assert (ask if fix else rebase) in hints["stable-base"]
    draft = upstream.repo.patchpilot("draft --subject-prefix 'PATCH 6.1.y'")
    assert draft.code == 0, draft.err
    second_patch = upstream.repo.patchpilot("check --format json").json["patches"][0]
    names = {finding["name"] for finding in second_patch["findings"]}
    assert not names & {"stable-base", "fixed-upstream"}
    failure = upstream.repo.patchpilot("send --dry-run --format json").json["refusals"]
    assert not {problem["name"] for problem in failure} & {
        "stable-base",
        "already-fixed",
    }


@pytest.mark.parametrize(
    ("subject", "words"),
    [("same: check it", "merged as"), ("same: check the size", "fixed by")],
)
def test_merge_of_the_patch_is_no_other_fix(
    upstream: UpstreamTree, subject: str, words: str
) -> None:
    fix = upstream.fixes["same"]
    upstream.repo.git("checkout -q --detach", f"{fix}^")
    upstream.repo.git("cherry-pick --no-commit", fix)
    upstream.repo.git("commit -q -m", f"{subject}\n\nIt was wrong.\n\n{SIGNED_LINE}")
    with Repository.open(upstream.repo.path) as repository:
        (known,) = find_commit_state(repository, repository.resolve("HEAD")).known
    assert known.words == f"{words} {fix[:12]} in v6.2: same: check it"


def test_merge_of_a_patch_with_common_lines_is_known(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    code = "int go(void)\n{{\n\tif (a)\n\t\tgoto {};\n\treturn 0;\n}}\n"
    start = repo.commit("start", {"w.c": code.format("err_lock"), "Makefile": "VERSION = 6\n"})
    title = "w: unlock on errors"
    merged = repo.commit(title, {"w.c": code.format("err_unlock")})
    repo.git("config remote.origin.url https://git.kernel.org/torvalds/linux.git")
    repo.git("update-ref refs/remotes/origin/master", merged)
    for subject, is_merged in ((title, True), ("w: go elsewhere", False)):
        repo.git("checkout -q --detach", start)
        repo.commit(f"{subject}\n\nIt was wrong.", {"w.c": code.format("err_unlock")})
        with Repository.open(repo.path) as repository:
            sure = find_commit_state(repository, repository.resolve("HEAD")).sure
        assert (sure and sure.commit) == (merged if is_merged else None)


def test_merged_commits_and_backports_are_skipped(
    upstream: UpstreamTree,
) -> None:
    fix = upstream.fixes["same"]
    upstream.repo.git("checkout -q --detach stable/linux-6.1.y")
    file = make_driver_path("same")
    text = apply_edits(upstream.texts["same"], (FIX,), "same")
    backported = f"same: check it\n\ncommit {fix} upstream.\n\n{SIGNED_LINE}"
    upstream.repo.commit(backported, {file: text})
    with Repository.open(upstream.repo.path) as repository:
        for commit in (fix, repository.resolve("HEAD")):
            state = find_commit_state(repository, commit)
            assert (state.known, state.stable) == ((), None)
            merged = find_merged_series(repository, [format_commit_patch(repository, commit)])
            assert bool(merged) == (commit == fix)
        result = find_pre_send_questions(repository)
        assert (result.questions, result.missing_tree) == ((), "")
        assert find_topic(repository, SendRequest()).draft.prefix == "PATCH 6.1.y"
        head, topic = repository.commit("HEAD"), list_topic_commits(repository, None)
        verdict = compute_topic_backports(
            repository, read_settings(repository), head, topic_ids=topic
        )
        assert verdict.rules == ("this branch is a backport itself: [PATCH 6.1.y]",)
    # a fix that is in no tree may be undisclosed, so ask the questions
    upstream.repo.git("commit -q --amend -m", backported.replace(fix, "0123456789abcdef" * 2))
    with Repository.open(upstream.repo.path) as repository:
        assert find_pre_send_questions(repository).questions
        assert not find_topic(repository, SendRequest()).draft.prefix
    # this setting does not affect other topics
    upstream.repo.git("commit -q --amend -m 'same: check it'")
    upstream.repo.git("config patchpilot.mainline nowhere")
    with Repository.open(upstream.repo.path) as repository:
        assert not find_topic(repository, SendRequest()).draft.prefix
    upstream.repo.git("config --unset patchpilot.mainline")


EVE, RITA = "Eve Other <eve@example.net>", "Rita Reviewer <rita@example.com>"


def build_commit_mail(
    repo: Repo, commit_id: str, days: int, subject: str, sender: str = EVE
) -> bytes:
    """Return a commit as a message that `sender` sent some days ago."""
    body = repo.git(f"format-patch --stdout -1 {commit_id}").partition("\n\n")[2]
    mail_date = format_datetime(datetime.now(UTC) - timedelta(days=days, hours=1))
    head = f"From: {sender}\nDate: {mail_date}\nSubject: {subject}\n"
    extra_headers = f"To: demo@lists.example.org\nMessage-ID: <{commit_id[6:]}@example.org>\n"
    return f"{head}{extra_headers}\n{body}\n".encode()


def make_review_mail(name: str, sender: str) -> bytes:
    body = f"> It hangs if there are many.\n\nReviewed-by: {sender}\n"
    return build_reply("[PATCH] x", body, sender=sender, reply_to=name)


def list_archive_mails(upstream: UpstreamTree) -> list[bytes]:
    """Return the messages in the archive. For each case, they contain one patch to its driver."""
    repo = upstream.repo
    for name, edits in (("file", (WRITE,)), ("text", (OTHER_LINE,))):
        repo.git(f"checkout -q -B other/{name}", upstream.base)
        repo.commit(
            f"{name}: other\n\n{SIGNED_LINE}",
            {make_driver_path(name): apply_edits(upstream.texts[name], edits, name)},
        )
    return [
        build_commit_mail(repo, "topic/same", 20, "[PATCH v2] same: check"),
        make_review_mail("same", RITA),
        make_review_mail("same", "Sam Second <sam@example.com>"),
        build_commit_mail(repo, "topic/nothing", 3, "[PATCH] nothing: check"),
        build_commit_mail(repo, "other/file", 3, "[PATCH] file: check the slots"),
        build_commit_mail(repo, "other/text", 3, "[PATCH v3] text: bound it"),
        build_commit_mail(repo, "topic/lines", 300, "[PATCH] lines: check"),
        build_commit_mail(repo, "topic/debug", 3, "[PATCH] debug: check", "Ada <ada@example.org>"),
    ]


POSTED = {
    "same": "posted 20 days ago by Eve Other, v2, 2 reviews, merged as {0}: same: check",
    "nothing": "posted 3 days ago by Eve Other, v1, not merged: nothing: check",
    "file": "",
    "text": "perhaps posted 3 days ago by Eve Other, v3, merged as {0}: text: bound it",
    "lines": "",
    "debug": "",
}


@pytest.mark.parametrize("kind", ["public-inbox", "mbox"])
def test_fixes_posted_by_others_are_found(
    upstream: UpstreamTree, kind: str, tmp_path: Path
) -> None:
    repo = upstream.repo
    with (
        serve_archive(kind, tmp_path / "box", *list_archive_mails(upstream)) as box,
        Repository.open(repo.path) as repository,
    ):
        posted = {}
        for name in POSTED:
            patch = format_commit_patch(repository, repository.resolve(f"topic/{name}"))
            fixes = find_posts_by_others(repository, [patch], undisclosed=False, lore=box.url).fixes
            posted[name] = "; ".join(fix.words for fix in fixes)
        expected = {
            name: words.format(upstream.fixes.get(name, "")[:12]) for name, words in POSTED.items()
        }
        assert posted == expected
        repo.git("config --global patchpilot.lore", box.url)
        repo.checkout("topic/nothing")
        words = expected["nothing"]
        rows = list_open_steps(None, find_pre_send_questions(repository, asks_archive=True))
        assert rows[0].words == words
        assert not any(
            row.words == words for row in list_open_steps(None, find_pre_send_questions(repository))
        )
        warned = {
            (warning.name, warning.message)
            for warning in plan_sending(repository, SendRequest()).warnings
        }
        assert ("posted-by-others", words) in warned
        document = repo.patchpilot("find HEAD --format json").json
        assert [post["message_id"] for post in document["posted_by_others"]] == [
            "nothing@example.org"
        ]


def test_undisclosed_fix_queries_no_archive(
    upstream: UpstreamTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[str] = []
    answers = StandIn.answer

    def count_request(server: StandIn, method: str, target: str) -> HttpAnswer:
        requests.append(target)
        return answers(server, method, target)

    monkeypatch.setattr(StandIn, "answer", count_request)
    upstream.repo.checkout("topic/nothing")
    with (
        serve_archive("stand-in", tmp_path) as box,
        Repository.open(upstream.repo.path) as repository,
    ):
        upstream.repo.git("config --global patchpilot.lore", box.url)
        offline = plan_sending(repository, SendRequest(offline=True))
        message = {warning.name: warning.message for warning in offline.warnings}
        assert "the archive was not asked" in message["archive-not-asked"]
        secret = SendRequest(answers=(("security", "yes"),))
        plan_sending(repository, secret)
        save_draft_answer(repository, "security", "yes")
        rows = list_open_steps(None, find_pre_send_questions(repository, asks_archive=True))
        assert rows[0].words == "an undisclosed fix: no archive is asked"
        assert not requests
        save_draft_answer(repository, "security", "no")
        find_pre_send_questions(repository, asks_archive=True)
        assert requests
