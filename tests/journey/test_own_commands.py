# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a repository's commands run only after the user has trusted them.

The tests use git, b4 and a mail server.
"""

import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.private_config import Use, list_own_commands
from patchpilot.model.action import UntrustedCommandsError
from patchpilot.topic.edit_commits import fetch_all_remotes
from tests.kit.canaries import Canaries
from tests.kit.cli import Outcome, call
from tests.kit.mails import build_mail
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand
from tests.kit.topics import topic

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),
    # `track` would index the commits of this repository
    pytest.mark.usefixtures("workdir"),
]
_TO = ("--to", "l@lists.example.org", "--force", "canaries")
_SEND = {
    "dry run": ("send", *_TO, "--dry-run"),
    "outbox": ("send", *_TO, "--outbox", "{out}"),
    "send": ("send", *_TO, "--yes"),
    "to self": ("send", *_TO, "--to-self", "--yes"),
    "identity": ("send", *_TO, "--identity", "work", "--yes"),
    "reply": ("track", "reply", "<review@example.org>", "--message", "{text}", "--yes"),
}
_B4 = {f"b4: {name}": (*words, "--via", "b4") for name, words in _SEND.items() if name != "reply"}
_NAMED = (
    "tocmd",
    "cccmd",
    "headerCmd",
    "sendmailcmd",
    "smtpserver",
    "smtpserveroption",
)
_KEYS = {
    **{f"sendemail.{name}": _SEND | _B4 for name in _NAMED},
    **{f"sendemail.work.{name}": _SEND | _B4 for name in _NAMED},
    "alias.send-email": _SEND,
    "imap.tunnel": _SEND,
    "b4.send-auto-to-cmd": _B4,
    "b4.send-auto-cc-cmd": _B4,
    "b4.prep-perpatch-check-cmd": _B4,
    "b4.prep-pre-rewrite-hook": _B4,
    "b4.gpgbin": _B4,
    "gpg.program": _B4,
    "gpg.openpgp.program": _B4,
    "gpg.ssh.defaultKeyCommand": _B4,
    "patatt.gpg-bin": _B4,
    "patatt.ssh-keygen-bin": _B4,
}
"""Key → calls that would run its command."""
_LOGIN = ("credential.helper", "credential.smtp://127.0.0.1.helper", "core.askPass")


@pytest.fixture
def server() -> Iterator[FaultySink]:
    with FaultySink() as smtp_server:
        yield smtp_server


@pytest.fixture
def login_server() -> Iterator[FaultySink]:
    with FaultySink(login=("ada", "s3cret")) as smtp_server:
        yield smtp_server


@pytest.fixture
def repo(tmp_path: Path, server: FaultySink) -> Repo:
    topic_repo = topic(tmp_path / "r", 1, server=server)
    post = build_mail(
        "[PATCH] widget: change line 1",
        "Why.\n",
        sender="Ada Fixer <ada@example.org>",
        id="post",
    )
    review = build_mail(
        "Re: [PATCH] widget: change line 1",
        "Why?\n",
        sender="Rita <rita@example.net>",
        id="review",
        reply_to="post",
    )
    parts = (
        b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + message + b"\n" for message in (post, review)
    )
    (tmp_path / "t.mbox").write_bytes(b"".join(parts))
    assert call("track add --mbox", tmp_path / "t.mbox").code == 0
    (tmp_path / "answer").write_text("> Why?\n\nBecause it was wrong.\n")
    return topic_repo


@pytest.fixture
def canaries(tmp_path: Path) -> Canaries:
    return Canaries(tmp_path / "canaries")


def run_own_command(repo: Repo, command_words: tuple[str, ...]) -> Outcome:
    folder = repo.path.parent
    count = 2 if command_words[0] == "track" else 1
    remaining_words = [
        command_word.format(out=folder / "out", text=folder / "answer")
        for command_word in command_words[count:]
    ]
    return call(*command_words[:count], "-C", repo.path, *remaining_words)


def assert_refused(result: Outcome) -> bool:
    return result.code == 1 and "patchpilot trust" in result.err


_FIRST = (
    "sendemail.tocmd",
    "sendemail.smtpserver",
    "alias.send-email",
    "b4.send-auto-cc-cmd",
)


@pytest.mark.parametrize(
    "key",
    [key if key in _FIRST else pytest.param(key, marks=pytest.mark.long) for key in _KEYS],
)
def test_repository_command_requires_trust(
    repo: Repo, canaries: Canaries, server: FaultySink, key: str
) -> None:
    command = canaries.command(key, "cat >/dev/null")
    repo.git("config", key, f"!{command}" if key.startswith("alias.") else command)
    for name, words in _KEYS[key].items():
        outcome = run_own_command(repo, words)
        assert canaries.executed_names == set(), name
        assert assert_refused(outcome), (name, outcome)
        assert key.lower() in outcome.err.lower()
    repo.patchpilot("doctor")
    repo.patchpilot("maintainers")
    assert canaries.executed_names == set()
    assert server.take() == ()


@pytest.mark.parametrize("key", _LOGIN)
def test_repository_credential_helper_requires_trust(
    repo: Repo, canaries: Canaries, server: FaultySink, key: str
) -> None:
    repo.git("config sendemail.smtpuser ada")
    helper = canaries.command(key, "echo password=s3cret")
    repo.git("config", key, helper)
    for words in (_SEND["send"], _SEND["reply"], _B4["b4: send"]):
        assert assert_refused(run_own_command(repo, words))
    document = json.loads(repo.patchpilot("doctor --format json").out)
    (failed,) = (check for check in document["checks"] if check["name"] == "own commands")
    assert "patchpilot trust" in failed["hint"]
    assert canaries.executed_names == set()
    assert server.take() == ()


def test_only_the_trusted_hook_runs(repo: Repo, canaries: Canaries, tmp_path: Path) -> None:
    for folder in (repo.path / ".git/hooks", repo.path / ".githooks"):
        folder.mkdir(exist_ok=True)
        shutil.copy(canaries.command(folder.name, "exit 0"), folder / "sendemail-validate")
        for arguments in _SEND.values():
            assert assert_refused(run_own_command(repo, arguments))
        assert canaries.executed_names == set()
        assert call("trust", repo.path).code == 0
        assert run_own_command(repo, _SEND["dry run"]).code == 0
        assert canaries.executed_names == {folder.name}
        canaries.reset()
        with (folder / "sendemail-validate").open("a") as hook:
            hook.write("# more\n")
        assert "changed since you trusted" in run_own_command(repo, _SEND["dry run"]).err
        repo.git("config core.hooksPath .githooks")


@pytest.mark.parametrize(
    "key",
    [
        "sendemail.tocmd",
        "sendemail.cccmd",
        "sendemail.sendmailcmd",
        "sendemail.smtpserver",
    ],
)
def test_trust_ends_when_the_command_changes(repo: Repo, canaries: Canaries, key: str) -> None:
    repo.git("config", key, canaries.command("first", "cat >/dev/null"))
    shown_outcome = call("trust --show", repo.path)
    assert f"{canaries.folder}/first" in shown_outcome.out
    assert key in shown_outcome.out
    assert assert_refused(run_own_command(repo, _SEND["send"]))
    document = json.loads(call("trust --format json", repo.path).out)
    assert [command["name"] for command in document["commands"]] == [key]
    assert run_own_command(repo, _SEND["send"]).code == 0
    assert canaries.executed_names == {"first"}
    canaries.reset()
    repo.git("config", key, canaries.command("second", "cat >/dev/null"))
    outcome = run_own_command(repo, _SEND["dry run"])
    assert assert_refused(outcome)
    assert "changed since you trusted" in outcome.err
    repo.git("config", key, f"{canaries.folder}/first")
    assert run_own_command(repo, _SEND["dry run"]).code == 0
    assert "second" not in canaries.executed_names
    repo.git("config --unset", key)
    repo.git("config core.editor true")
    assert call("trust --revoke", repo.path).code == 0
    repo.git("config", key, f"{canaries.folder}/first")
    assert assert_refused(run_own_command(repo, _SEND["dry run"]))


@pytest.mark.parametrize(
    "file", ["include", "conditional include", "worktree", "the tree's .b4-config"]
)
def test_every_configuration_file_is_read(repo: Repo, canaries: Canaries, file: str) -> None:
    where, words = repo.path / "more.config", _SEND["dry run"]
    if file == "worktree":
        repo.git("config extensions.worktreeConfig true")
        repo.git("config --worktree sendemail.tocmd", canaries.command("tocmd"))
    elif file == "the tree's .b4-config":
        where, words = repo.path / ".b4-config", _B4["b4: dry run"]
        repo.git("config --file", str(where), "b4.send-auto-to-cmd", canaries.command("tocmd"))
    else:
        key = "include.path" if file == "include" else f"includeIf.gitdir:{repo.path}/.path"
        repo.git("config --file", str(where), "sendemail.tocmd", canaries.command("tocmd"))
        repo.git("config", key, str(where))
    assert assert_refused(run_own_command(repo, words))
    assert call("trust", repo.path).code == 0
    assert run_own_command(repo, words).code == 0
    assert canaries.executed_names == ({"tocmd"} if file != "the tree's .b4-config" else set())


def test_user_configured_command_runs(repo: Repo, canaries: Canaries) -> None:
    repo.git("config --global sendemail.tocmd", canaries.command("tocmd"))
    repo.git("config --global core.hooksPath", str(canaries.folder / "hooks"))
    (canaries.folder / "hooks").mkdir()
    shutil.copy(canaries.command("hook", "exit 0"), canaries.folder / "hooks/sendemail-validate")
    shutil.copy(
        canaries.command("not this", "exit 0"),
        repo.path / ".git/hooks/sendemail-validate",
    )
    assert run_own_command(repo, _SEND["dry run"]).code == 0
    assert canaries.executed_names == {"tocmd", "hook"}
    assert call("trust", repo.path).code == 3


_OURS = "patchpilot maintainers --format get_maintainer --norolestats --nol --nor"


def test_installed_commands_need_no_trust(repo: Repo) -> None:
    assert call("setup hooks -C", repo.path).code == 0
    page = (Path(__file__).parents[2] / "docs/how-to/use-with-git-send-email.md").read_text()
    documented = [
        line.split(maxsplit=3)
        for line in page.splitlines()
        if line.startswith("    git config sendemail.")
    ]
    assert len(documented) == 2
    for _, _, key, value in documented:
        repo.git("config", key, value.strip("'"))
        repo.git(
            "config",
            key.replace("sendemail.", "b4.send-auto-"),
            f"{value.strip(chr(39))} --no-git-fallback",
        )
    page = (Path(__file__).parents[2] / "docs/how-to/check-in-ci.md").read_text()
    for_b4 = re.findall(r'^    git config (b4\.\S+) "(.+)"$', page, re.MULTILINE)
    assert [key for key, _ in for_b4] == ["b4.prep-perpatch-check-cmd", "b4.am-perpatch-check-cmd"]
    for key, value in for_b4:
        repo.git("config --add", key, value)
    assert list_own_commands(repo.path, *Use) == ()


@pytest.mark.parametrize("end", ["; touch x", " --tree /tmp", " -\ntouch x", ""])
def test_similar_check_for_b4_needs_trust(repo: Repo, end: str) -> None:
    command = f"patchpilot check --format checkpatch -{end}"
    repo.git("config b4.prep-perpatch-check-cmd", command if end else f"./{command}")
    assert len(list_own_commands(repo.path, *Use)) == 1


@pytest.mark.parametrize(
    "value",
    [
        f"{_OURS}; touch x",
        f"{_OURS} --nol\ntouch x",
        f"{_OURS} $(touch x)",
        f"./{_OURS}",
        f"{_OURS} -C /tmp",
        f"{_OURS} #",
        f" {_OURS}",
    ],
)
def test_similar_command_needs_trust(repo: Repo, value: str) -> None:
    repo.git("config sendemail.tocmd", value)
    assert assert_refused(run_own_command(repo, _SEND["dry run"]))
    assert not (repo.path / "x").exists()


@pytest.mark.parametrize("change", ["python=/tmp/evil", "touch x"])
def test_changed_hook_needs_trust(repo: Repo, change: str) -> None:
    assert call("setup hooks -C", repo.path, "sendemail-validate", "b4").code == 0
    hook = repo.path / ".git/hooks/sendemail-validate"
    hook.write_text(hook.read_text().replace("python=", f"{change}\npython="))
    assert assert_refused(run_own_command(repo, _SEND["dry run"]))
    our_git_output = repo.git("config b4.prep-perpatch-check-cmd")
    repo.git("config b4.prep-perpatch-check-cmd", f"{our_git_output}; touch x")
    assert {command.name for command in list_own_commands(repo.path, *Use)} == {
        "hook sendemail-validate",
        "b4.prep-perpatch-check-cmd",
    }


def test_trust_is_per_repository(repo: Repo, canaries: Canaries, tmp_path: Path) -> None:
    repo.git("config sendemail.tocmd", canaries.command("tocmd"))
    assert call("trust", repo.path).code == 0
    shutil.copytree(repo.path, tmp_path / "copy")
    assert assert_refused(call("send -C", tmp_path / "copy", *_TO, "--dry-run"))
    repo.git("worktree add -q -b other", str(tmp_path / "tree"))
    repo.git("branch -q -u master other")
    assert call("send -C", tmp_path / "tree", *_TO, "--dry-run").code == 0
    assert canaries.executed_names == {"tocmd"}


def test_alias_does_not_replace_git_send_email(
    repo: Repo, canaries: Canaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("config alias.send-email", f"!{canaries.command('alias')}")
    programs = tmp_path / "git-core"
    programs.mkdir()
    for file in Path(repo.git("--exec-path")).iterdir():
        if file.name != "git-send-email":
            (programs / file.name).symlink_to(file)
    monkeypatch.setenv("GIT_EXEC_PATH", str(programs))
    assert assert_refused(run_own_command(repo, _SEND["dry run"]))
    assert canaries.executed_names == set()
    assert call("trust", repo.path).code == 0
    run_own_command(repo, _SEND["dry run"])
    assert canaries.executed_names == {"alias"}, "else the guard is for nothing"


def test_terminal_prompt_asks_for_trust(repo: Repo, canaries: Canaries) -> None:
    repo.git("config sendemail.tocmd", canaries.command("tocmd"))
    arguments = ("send", "-C", str(repo.path), *_TO, "--dry-run")
    screen = TerminalCommand(*arguments)
    screen.wait_for("Type 'trust' to trust and use them")
    assert f"{canaries.folder}/tocmd" in screen.seen
    screen.type("y\n")
    assert screen.end() == 1
    assert canaries.executed_names == set()
    screen = TerminalCommand(*arguments)
    screen.wait_for("Type 'trust' to trust and use them")
    screen.type("trust\n")
    assert screen.end() == 0
    assert canaries.executed_names == {"tocmd"}


def test_repository_editor_requires_trust(repo: Repo, canaries: Canaries) -> None:
    key = "core.editor"
    repo.git("config", key, canaries.command(key, "exit 0"))
    for answer, ran in (("no", set()), ("trust", {key})):
        screen = TerminalCommand("draft", "-C", str(repo.path), "--edit")
        screen.wait_for("Type 'trust' to trust and use them")
        screen.type(f"{answer}\n")
        screen.end()
        assert canaries.executed_names == ran


@pytest.mark.parametrize("file", ["remotes", "branches", "config", "alternates"])
def test_fetch_requires_trust(repo: Repo, canaries: Canaries, tmp_path: Path, file: str) -> None:
    url = f"ext::{canaries.command('fetched', 'exit 1')} x"
    repo.git("config remote.evil.fetch +refs/heads/*:refs/remotes/evil/*")
    repo.git("config --global protocol.ext.allow always")
    if file == "alternates":
        other_repo = Repo(tmp_path / "other")
        other_repo.commit("x\n", {"a": "1\n"})
        (repo.path / ".git/objects/info/alternates").write_text(f"{other_repo.path}/.git/objects\n")
        repo.git("config core.alternateRefsCommand", url.removeprefix("ext::"))
        repo.git("config remote.evil.url", str(other_repo.path))
        fetch_all_remotes(repo.path)
        assert canaries.executed_names == set()
        return
    if file == "config":
        repo.git("config remote.evil.url", url)
    else:
        folder = repo.path / ".git" / file
        folder.mkdir(exist_ok=True)
        (folder / "evil").write_text(f"URL: {url}\n" if file == "remotes" else f"{url}\n")
        fetch_all_remotes(repo.path)
        assert canaries.executed_names == set()
        return
    with pytest.raises(UntrustedCommandsError):
        fetch_all_remotes(repo.path)
    assert canaries.executed_names == set()
    assert call("trust", repo.path).code == 0
    fetch_all_remotes(repo.path)
    assert canaries.executed_names == {"fetched"}, "otherwise the guard is for nothing"


def test_repository_pager_never_runs(repo: Repo, canaries: Canaries) -> None:
    repo.git("config core.pager", canaries.command("core.pager"))
    assert TerminalCommand("send", "-C", str(repo.path), *_TO, "--dry-run").end() == 0
    assert canaries.executed_names == set()
    repo.git("config --global core.pager", canaries.command("pager"))
    assert TerminalCommand("send", "-C", str(repo.path), *_TO, "--dry-run").end() == 0
    assert canaries.executed_names == {"pager"}


@pytest.mark.parametrize(
    ("key", "value", "use", "is_one"),
    [
        ("core.fsmonitor", "touch x", Use.COMMIT, False),
        ("gpg.program", "touch x", Use.COMMIT, True),
        ("credential.helper", "", Use.LOGIN, False),
        ("credential..helper", "touch x", Use.LOGIN, True),
        ("filter..clean", "touch x", Use.FILES, True),
        ("sendemail.smtpserver", "smtp.example.org", Use.MAIL, True),
        ("sendemail.smtpserver", "127.0.0.1", Use.MAIL, True),
        ("sendemail.work.smtpServer", "smtp.example.org", Use.MAIL, True),
        ("sendemail.smtpserverport", "2525", Use.MAIL, True),
        ("sendemail.to", "list@example.org", Use.MAIL, True),
        ("sendemail.confirm", "never", Use.MAIL, False),
        ("sendemail.from", "Ada <ada@example.org>", Use.MAIL, False),
        ("format.signatureFile", "~/.ssh/id", Use.MAIL, True),
        ("format.subjectPrefix", "PATCH net", Use.MAIL, False),
        ("imap.host", "imap.example.org", Use.MAIL, True),
        ("remote.origin.url", "https://git.example.org/linux.git", Use.FETCH, False),
        ("remote.origin.url", "ext::touch x", Use.FETCH, True),
        ("url.ext::touch x .insteadOf", "https://git.example.org/", Use.FETCH, True),
        ("core.sshCommand", "ssh -i key", Use.FETCH, True),
        ("core.alternateRefsCommand", "touch x", Use.FETCH, False),
        ("http.cookieFile", "cookies", Use.FETCH, False),
        ("core.sshCommand", "ssh -i key", Use.MAIL, False),
        ("patchpilot.lore", "https://lists.example.org", Use.ARCHIVE, True),
        ("patchpilot.patchwork", "https://patchwork.example.org", Use.ARCHIVE, True),
    ],
)
def test_plain_settings_need_no_trust(
    tmp_path: Path, key: str, value: str, use: Use, is_one: bool
) -> None:
    repo = Repo(tmp_path / "r")
    repo.git("config", key, value)
    assert bool(list_own_commands(repo.path, use)) == is_one


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_repository_server_gets_no_password(
    repo: Repo, login_server: FaultySink, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    repo.git("config --global --unset sendemail.smtpserver")
    repo.git("config --global --unset sendemail.smtpserverport")
    repo.git("config", scope, "sendemail.smtpserver", "127.0.0.1")
    repo.git("config", scope, "sendemail.smtpserverport", str(login_server.port))
    repo.git("config --global sendemail.smtpuser ada")
    repo.git("config --global sendemail.smtppass s3cret")
    calls = (_SEND["send"], _SEND["to self"], _SEND["reply"], _B4["b4: send"])
    if scope == "--global":
        assert run_own_command(repo, calls[0]).code == 0
        assert login_server.logins
        return
    for arguments in calls:
        outcome = run_own_command(repo, arguments)
        assert assert_refused(outcome), outcome
        assert "sendemail.smtpserver" in outcome.err
    with monkeypatch.context() as watched:
        watched.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
        document = json.loads(repo.patchpilot("doctor --format json").out)
    (failed,) = (check for check in document["checks"] if check["name"] == "mail server")
    assert (failed["state"], "not trusted yet" in failed["message"]) == ("fail", True)
    assert login_server.logins == []
    assert login_server.take() == ()
    assert call("trust", repo.path).code == 0
    assert run_own_command(repo, calls[0]).code == 0
    assert len(login_server.logins) == 1


def test_control_character_in_a_command_is_escaped(repo: Repo) -> None:
    repo.git("config sendemail.tocmd 'true [2K‮'")
    output = call("trust --show", repo.path).out
    assert "\x1b" not in output
    assert "<U+202E>" in output
