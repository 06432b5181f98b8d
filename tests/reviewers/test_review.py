# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `check --review` with real programs.

The tests cover their input and output, and which data is sent to other machines.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.errors import GitError
from patchpilot.model.progress import ignore_progress
from patchpilot.reviewers.reviewer import Reviewer, ask
from tests.kit.bases import clone, create_upstream
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server

SOURCE = "".join(
    f"{line}\n"
    for line in (
        "/* Returns 0, or -EAGAIN. */",
        "int foo_get(struct foo *foo)",
        "{",
        "\tmutex_lock(&foo->lock);",
        "\tfoo->users++;",
        "\tmutex_unlock(&foo->lock);",
        "\treturn 0;",
        "}",
        "",
        "int foo_open(struct foo *foo)",
        "{",
        "\treturn foo_get(foo);",
        "}",
    )
)
FIX = SOURCE.replace(
    "\tfoo->users++;\n",
    "\tif (foo->users > 8)\n\t\treturn -EBUSY;\n\tfoo->users++;\n",
)
MESSAGE = (
    "foo: limit the number of users\n\nA ninth user overwrites the last slot.\n\n"
    "Signed-off-by: Ada Fixer <ada@example.org>\n"
)
HELD = {
    "path": "foo.c",
    "line": 6,
    "quoted": "return -EBUSY;",
    "problem": "returns with foo->lock held, so that the next caller waits for ever",
    "confidence": 0.9,
}
Answering = Callable[..., Path]


@pytest.fixture
def topic(tmp_path: Path) -> Repo:
    """Create a branch with a fix that lacks an unlock."""
    source = create_upstream(tmp_path / "source")
    source.commit("foo: add it", {"foo.c": SOURCE})
    repo = clone(source, tmp_path / "repo")
    repo.commit(MESSAGE, {"foo.c": FIX})
    return repo


@pytest.fixture
def reviewer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Configure a reviewer that prints these rows. Return the file in which it stores its input."""
    user_config = "[user]\nname = Ada Fixer\nemail = ada@example.org\n"
    (tmp_path / "gitconfig").write_text(user_config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))

    def configure_reviewer(*rows: object, is_local: bool = True, name: str = "mine") -> Path:
        request_file, program = tmp_path / f"{name}.given", tmp_path / f"{name}.py"
        printed_rows = "\n".join(map(json.dumps, rows))
        program.write_text(
            "import os, sys\n"
            f"with open({str(request_file)!r}, 'a') as file:\n"
            "    file.write(sys.stdin.read() + repr(sorted(os.environ)) + os.getcwd())\n"
            f"print({printed_rows!r})\n"
        )
        section = f'[patchpilot "reviewer.{name}"]\n'
        configuration = f"{section}command = {sys.executable} {program}\nlocal = {is_local}\n"
        with (tmp_path / "gitconfig").open("a") as file:
            file.write(configuration)
        return request_file

    return configure_reviewer


def test_comment_does_not_set_the_exit_code(topic: Repo, reviewer_program: Answering) -> None:
    request_file = reviewer_program(HELD, HELD | {"quoted": "kfree(foo);", "problem": "leaks"})
    unreviewed = topic.patchpilot("check HEAD")
    outcome = topic.patchpilot("check HEAD --review")
    assert outcome.code == unreviewed.code
    assert "foo.c:6: returns with foo->lock held" in outcome.out
    assert "leaks" not in outcome.out
    assert "1 folded" in outcome.out
    content = request_file.read_text()
    assert "     6| +\t\treturn -EBUSY;" in content
    assert "     1| /* Returns 0, or -EAGAIN. */" in content
    assert "foo.c, in foo_open:" in content
    assert str(topic.path) not in content
    assert "AGENT" not in content.rpartition("[")[2]


def test_review_is_cached_until_the_patch_changes(topic: Repo, reviewer_program: Answering) -> None:
    request_file = reviewer_program(HELD)
    topic.patchpilot("check HEAD --review")
    size = request_file.stat().st_size
    second_reviews = topic.patchpilot("check HEAD --review --format json").json["reviews"]
    assert request_file.stat().st_size == size
    assert second_reviews[0]["patches"][0]["is_stored"]
    topic.write(**{"foo.c": FIX.replace("\t\treturn -EBUSY;", "\t\tgoto out;")})
    topic.git("commit -q --amend -a --no-edit")
    (patch,) = topic.patchpilot("check HEAD --review --format json").json["reviews"][0]["patches"]
    assert request_file.stat().st_size > size
    assert patch["resolved"] == [HELD["problem"]]


def test_nothing_is_sent_before_consent(topic: Repo, reviewer_program: Answering) -> None:
    request_file = reviewer_program(HELD, is_local=False)
    outcome = topic.patchpilot("check --review")
    assert outcome.code == 1
    assert "1 patch" in outcome.err
    assert "--review-request" in outcome.err
    topic.patchpilot("draft --security yes")
    assert "gets nothing" in topic.patchpilot("check --review").err
    assert not request_file.exists()
    topic.patchpilot("draft --security no")
    assert "lock held" in topic.patchpilot("check --review").out
    assert request_file.exists()


def test_repository_configures_no_reviewer(
    topic: Repo, reviewer_program: Answering, tmp_path: Path
) -> None:
    topic.git("config patchpilot.reviewer.evil.command", f"touch {tmp_path / 'hit'}")
    outcome = topic.patchpilot("check HEAD --review")
    outcome.expect(3, "no reviewer is configured")
    assert not (tmp_path / "hit").exists()


def test_reviewer_text_is_not_an_option(
    topic: Repo, reviewer_program: Answering, tmp_path: Path
) -> None:
    evil = f"--open-files-in-pager=touch {tmp_path / 'hit'}"
    reviewer_program(*(HELD | {key: [evil]} for key in ("symbols", "missing", "undocumented")))
    outcome = topic.patchpilot("check HEAD --review --all")
    assert "mine" in outcome.out
    assert not (tmp_path / "hit").exists()


def test_request_is_printed_without_a_reviewer(topic: Repo) -> None:
    outcome = topic.patchpilot("check HEAD --review-request")
    assert outcome.code == 0
    assert "## The patch's message" in outcome.out


def test_waived_comment_has_a_reason(topic: Repo, reviewer_program: Answering) -> None:
    reviewer_program(HELD)
    output = topic.patchpilot("check --review").out
    name = output.rpartition("[review-")[2].partition("]")[0]
    waived = topic.patchpilot(f"check --waive review-{name}='the caller unlocks'")
    waived.expect(topic.patchpilot("check").code, "waived for")
    outcome = topic.patchpilot("check --review")
    assert "lock held" not in outcome.out
    assert "1 folded" in outcome.out
    topic.patchpilot("draft --note-review")
    note = topic.patchpilot("draft").out
    assert "Machine review by mine: 1 comment" in note
    assert "foo.c:6: the caller unlocks" in note
    assert "lock held" not in note


def test_copied_text_suggests_an_assisted_by_tag(topic: Repo, reviewer_program: Answering) -> None:
    reviewer_program(HELD)
    topic.git("commit -q --amend -m", f"foo: limit users\n\nIt {HELD['problem']}.\n")
    assert "add Assisted-by:" in topic.patchpilot("check HEAD --review").out


def test_review_does_not_block_a_send(topic: Repo, reviewer_program: Answering) -> None:
    reviewer_program(HELD)
    topic.git("config --global patchpilot.review-before-send always")
    with FaultySink() as server:
        configure_mail_server(topic, server)
        outcome = topic.patchpilot(
            "send --yes --no-auto --to a@example.org --cc linux-a@vger.kernel.org"
            " --security no --force tested"
        )
        assert len(server.mails) == 1
    assert "lock held" in outcome.err
    assert b"lock held" not in server.mails[0].data


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('no key')", "no key"),
        ("while True: print('x' * 4096)", "wrote more than 1 MB"),
        ("import sys\nwhile True: sys.stdout.write('x' * 4096)", "wrote more than"),
        ("import time; time.sleep(60)", "timed out"),
    ],
)
def test_failing_reviewer_is_an_error(code: str, words: str) -> None:
    reviewer = Reviewer("bad", (sys.executable, "-c", code), seconds=2)
    with pytest.raises(GitError, match=words):
        ask(reviewer, "request", ignore_progress, "reviewing")


def test_canceled_reviewer_leaves_no_process(tmp_path: Path) -> None:
    """Test that Ctrl-C also ends the children of the command, even one that ignores SIGTERM."""
    pid = tmp_path / "pid"
    script = f"(trap '' TERM; echo $BASHPID >{pid}; sleep 60) & sleep 60"
    reviewer = Reviewer("slow", ("bash", "-c", script))

    def raise_canceled(what: str, done: int = 0, total: int | None = None) -> None:
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(reviewer, "request", raise_canceled, "reviewing")
    stat = Path(f"/proc/{int(pid.read_text())}/stat")
    for _ in range(100):
        # a zombie has exited, but its new parent has not waited for it yet
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    os.kill(int(pid.read_text()), 9)
    pytest.fail("the child lives")
