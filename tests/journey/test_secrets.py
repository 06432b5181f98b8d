# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that passwords in URLs, settings, environment variables and credential helpers are never
printed, logged or stored.
"""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.archive.archive import Archive
from patchpilot.archive.feed import fetch_json
from patchpilot.archive.open_archive import add_login
from patchpilot.archive.web_session import WebSession
from patchpilot.demo.archive_server import HttpAnswer, StandIn
from patchpilot.errors import ExitCode, NetworkError
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.probes import probe_archive_and_clock
from patchpilot.tui.stage.job_errors import to_patchpilot_error
from patchpilot.urls import hide_url_credentials
from tests.kit.cli import call
from tests.kit.mails import build_mail
from tests.kit.raw_smtp import Fault, RawServer
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server, topic

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),
    # `track` would index the commits of this repository
    pytest.mark.usefixtures("workdir"),
]
MARK = "zzcanary"
POST = "Line 1 was wrong.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n---\n"
DIFF = "diff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"


def make_secret(name: str) -> str:
    return f"{MARK}-{name}"


def make_login(name: str) -> str:
    """Return a user name and password as they appear in a URL."""
    return f"ada:{make_secret(name)}@"


class LockedArchive(StandIn):
    """An archive that requires a password. Its `url` does not contain the password."""

    def __init__(self, password: str) -> None:
        super().__init__()
        expected = "Basic " + base64.b64encode(f"ada:{password}".encode()).decode()
        request_handler = self._server.RequestHandlerClass
        self.refused = 0
        archive = self

        class Handler(request_handler):  # type: ignore[misc,valid-type]
            def parse_request(self) -> bool:
                if not super().parse_request():
                    return False
                if self.headers.get("Authorization") == expected:
                    return True
                archive.refused += 1
                self.send_error(401)
                return False

        self._server.RequestHandlerClass = Handler

    def make_url_with_password(self, name: str) -> str:
        return self.url.replace("://", f"://{make_login(name)}")


class WatchedArchive(StandIn):
    """An archive that records the login of each request. It redirects `/old/` to `moved_to`."""

    def __init__(self) -> None:
        super().__init__()
        self.logins: list[str | None] = []
        self.moved_to = self.url
        request_handler = self._server.RequestHandlerClass
        archive = self

        class Handler(request_handler):  # type: ignore[misc,valid-type]
            def parse_request(self) -> bool:
                is_valid = bool(super().parse_request())
                archive.logins.append(self.headers.get("Authorization"))
                return is_valid

        self._server.RequestHandlerClass = Handler

    def answer(self, method: str, target: str) -> HttpAnswer:
        if "/old/" in target:
            path = target.partition("/old/")[2]
            return HttpAnswer(302, location=f"{self.moved_to}/{path}")
        return super().answer(method, target)


class SecretWorld:
    """A topic, an archive and a mail server. Every place that can contain a password contains a
    canary.
    """

    def __init__(self, folder: Path, archive: LockedArchive, server: FaultySink) -> None:
        self.folder, self.archive, self.server = folder, archive, server
        self.repo: Repo = topic(folder / "repo", 1)
        self.repo.put("MAINTAINERS", _MAINTAINERS)
        configure_mail_server(self.repo, server)
        self.printed = ""
        for name, value in {
            "sendemail.smtpuser": "ada",
            "remote.origin.url": f"https://{make_login('remote')}git.example.org/team/widget.git",
            "remote.stable.url": f"https://{make_secret('token')}@git.example.org/stable.git",
            "http.proxy": f"http://{make_login('gitproxy')}127.0.0.1:1",
        }.items():
            self.repo.git("config --global", name, value)
        self.repo.git("config --global patchpilot.lore", archive.make_url_with_password("lore"))
        credential_helper = (
            f"!f() {{ echo username=ada; echo password={make_secret('helper')}; }}; f"
        )
        self.repo.git("config --global credential.helper", credential_helper)

    def run_command(self, *argv: object, stdin: bytes = b"") -> int:
        command, *arguments = argv
        result = call(command, "-C", self.repo.path, *arguments, stdin=stdin)
        self.printed += f"$ {argv}\n{result.out}{result.err}"
        return result.code

    def assert_nothing_leaked(self) -> None:
        lines = [
            line
            for line in self.printed.split("\n")
            if any(canary_form in line for canary_form in _list_canary_forms()) and line[:1] != "$"
        ]
        assert not lines
        planted_files = (
            self.repo.path / ".git" / "config",
            Path.home() / ".gitconfig",
            Path.home() / ".netrc",
        )
        files = [
            file
            for folder in (self.folder, Path.home())
            for file in folder.rglob("*")
            if file.is_file()
        ]
        leaking_files = [
            file
            for file in files
            if file not in planted_files
            and any(
                canary_form.encode() in file.read_bytes() for canary_form in _list_canary_forms()
            )
        ]
        assert not leaking_files


def _list_canary_forms() -> tuple[str, ...]:
    """Return the forms of the canary.

    They are the text, and its base64 encoding at each of three offsets.
    """
    shifted_forms = [
        base64.b64encode(b"\0" * byte_shift + MARK.encode()) for byte_shift in range(3)
    ]
    return (
        MARK,
        *(
            encoded_form[(4 if byte_shift else 0) : -4].decode()
            for byte_shift, encoded_form in enumerate(shifted_forms)
        ),
    )


_MAINTAINERS = """List of maintainers
-------------------

WIDGET
M:\tAda Maintainer <ada.m@example.com>
L:\twidgets@lists.example.org
T:\tgit git://git.kernel.org/pub/scm/widget.git
S:\tMaintained
F:\twidget.c
F:\tKconfig
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretWorld]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HTTP_PROXY", f"http://{make_login('proxy')}127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{make_login('proxy')}127.0.0.1:1")
    (Path.home() / ".netrc").write_text(
        f"machine 127.0.0.2 login ada password {make_secret('netrc')}\n"
    )
    with ExitStack() as stack:
        archive = stack.enter_context(LockedArchive(make_secret("lore")))
        archive.add(
            build_mail(
                "[PATCH] widget: change line 1",
                POST + DIFF,
                sender="Ada Fixer <ada@example.org>",
                id="post",
            )
        )
        archive.add(
            build_mail(
                "Re: [PATCH] widget: change line 1",
                "Why?\n",
                sender="Rita <rita@example.net>",
                id="why",
                reply_to="post",
            )
        )
        yield SecretWorld(
            tmp_path,
            archive,
            stack.enter_context(FaultySink(login=("ada", make_secret("right")))),
        )


def test_output_contains_no_password(world: SecretWorld) -> None:
    world.run_command("config")
    world.run_command("config", "--format", "json")
    world.run_command("config", "lore")
    world.run_command("doctor", "--offline")
    world.run_command("doctor")
    world.run_command("doctor", "--format", "json")
    world.run_command("explain", "repeated-word")
    assert f"{world.archive.url} is reachable" in world.printed
    for wrong in (
        f"ftp://{make_login('wrong')}lore.example.org",
        f"http://{make_login('wrong')} x",
    ):
        world.repo.git("config --global patchpilot.lore", wrong)
        world.run_command("config")
        world.run_command("track", "add", "<post@example.org>")
        world.run_command("doctor", "--offline")
    world.assert_nothing_leaked()


def test_tracked_series_contains_no_password(world: SecretWorld) -> None:
    assert world.run_command("track", "add", "<post@example.org>") == 0
    assert (
        world.run_command(
            "track",
            "add",
            f"{world.archive.make_url_with_password('lore')}/post@example.org/",
            "--lore",
            world.archive.make_url_with_password("lore"),
        )
        == 0
    )
    assert world.run_command("track", "update", "--fresh") == 0
    refused_before = world.archive.refused
    world.run_command("track", "--format", "json")
    world.run_command("track", "show", "1")
    world.run_command("track", "show", "1", "--format", "json")
    world.run_command("track", "update", "1", "--all")
    world.run_command("check", "<post@example.org>")
    assert world.archive.refused == refused_before == 0
    assert f'"source": "{world.archive.url}"' in world.printed
    world.run_command(
        "track",
        "add",
        "<no@example.org>",
        "--lore",
        world.archive.make_url_with_password("lore"),
    )
    world.run_command(
        "track",
        "add",
        "<why@example.org>",
        "--lore",
        world.archive.make_url_with_password("bad-login"),
    )
    world.run_command(
        "track",
        "add",
        "<why@example.org>",
        "--lore",
        f"http://{make_login('closed')}127.0.0.1:1/all",
    )
    world.run_command(
        "track",
        "add",
        "<why@example.org>",
        "--lore",
        f"http://{make_login('proxied')}lore.example.org/all",
    )
    world.run_command(
        "track",
        "add",
        "<why@example.org>",
        "--lore",
        f"http://{make_login('odd/port')}lore.example.org/all",
    )
    world.run_command("track", "update", "--lore", f"http://{make_login('closed')}127.0.0.1:1/all")
    world.assert_nothing_leaked()


@pytest.fixture(params=["machine 127.0.0.1", "machine lore.example.org", "default"])
def watched_archive(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WatchedArchive]:
    """Yield an archive on a host for which ~/.netrc has the login of another service."""
    (Path.home() / ".netrc").write_text(f"{request.param} login ada password secret\n")
    with WatchedArchive() as archive:
        archive.add(
            build_mail(
                "[PATCH] widget: change line 1",
                POST + DIFF,
                sender="Ada Fixer <ada@example.org>",
                id="post",
            )
        )
        # one of the machines is reached directly, the other one through a proxy
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("HTTP_PROXY", archive.url.removesuffix("/demo"))
        yield archive
        assert archive.logins
        assert set(archive.logins) == {None}


def test_netrc_login_is_not_sent_to_archives(watched_archive: WatchedArchive) -> None:
    for url in (watched_archive.url, "http://lore.example.org/demo"):
        requests_before = len(watched_archive.logins)
        assert call("track add <post@example.org> --lore", url).code == 0
        assert len(watched_archive.logins) > requests_before


def test_netrc_login_is_not_sent_after_a_redirect(
    watched_archive: WatchedArchive,
) -> None:
    probe = probe_archive_and_clock(f"{watched_archive.url}/old", WebSession)[0]
    assert probe.state == "ok"
    watched_archive.moved_to = "http://lore.example.org/demo"
    with Archive(f"{watched_archive.url}/old", hosts=("lore.example.org",)) as archive:
        assert archive.thread("post@example.org")
    assert len(watched_archive.logins) == 4


def test_netrc_login_is_not_sent_for_a_list_of_releases(
    watched_archive: WatchedArchive,
) -> None:
    for url in (watched_archive.url, "http://lore.example.org/demo"):
        with pytest.raises(NetworkError):
            fetch_json(f"{url}/releases.json")
    assert len(watched_archive.logins) == 2


def test_login_in_a_url_is_sent_to_its_host_only() -> None:
    with (
        WatchedArchive() as archive,
        WatchedArchive() as other,
        WebSession() as session,
    ):
        archive.moved_to = other.url.replace("127.0.0.1", "localhost")
        session.get(f"{archive.url.replace('://', '://ada:right@')}/old/", timeout=5)
        expected = "Basic " + base64.b64encode(b"ada:right").decode()
        assert (archive.logins, other.logins) == ([expected], [None])


@pytest.mark.parametrize("transport", ["git-send-email", "b4"])
def test_send_has_no_password(world: SecretWorld, transport: str) -> None:
    arguments = ("send", "--via", transport, "--force", "a test")
    world.run_command(*arguments, "--dry-run", "--format", "json")
    assert world.run_command(*arguments, "--yes") != 0
    world.repo.git("config --global sendemail.smtppass", make_secret("smtppass"))
    assert world.run_command("send", "--resume", "--yes") != 0
    assert {good for _, good in world.server.logins} == {False}
    world.repo.git("config --global sendemail.smtppass", make_secret("right"))
    assert world.run_command("send", "--resume", "--yes") == 0
    assert world.server.logins[-1] == ("ada", True)
    for command in ("draft", "track", "maintainers"):
        world.run_command(command)
        world.run_command(command, "--format", "json")
    assert "git.example.org/team/widget.git" in world.printed
    world.assert_nothing_leaked()


_ECHOES = {
    "login": Fault("AUTH", b"535-bad %(pair)s\r\n535 5.7.8 no %(plain)s\r\n", at=0, times=9),
    "greeting": Fault(
        "greeting",
        b"not a reply, and longer than is shown of %(plain)s\r\n",
        at=0,
        times=9,
    ),
    "end": Fault("end", b"550 %(login)s\r\n", at=0, times=9),
}


@pytest.mark.parametrize("transport", ["git-send-email", "b4"])
@pytest.mark.parametrize("name", _ECHOES)
def test_server_replies_are_masked(world: SecretWorld, transport: str, name: str) -> None:
    password = make_secret("echo").encode()
    pair = base64.b64encode(b"\0ada\0" + password)
    words = {b"plain": password, b"login": base64.b64encode(password), b"pair": pair}
    fault = replace(_ECHOES[name], send=_ECHOES[name].send % words)
    world.repo.git("config --global sendemail.smtppass", password.decode())
    with RawServer(fault, login=True) as server:
        configure_mail_server(world.repo, server)
        assert world.run_command("send", "--via", transport, "--force", "a test", "--yes") != 0
        assert server.fault_count
        world.run_command("doctor")
        world.run_command("draft")
    world.assert_nothing_leaked()


@given(
    st.text(st.characters(exclude_categories=("C",)), min_size=1),
    st.text(st.characters(exclude_characters="*", exclude_categories=("C", "Z")), min_size=4),
)
def test_reply_contains_no_password(user: str, password: str) -> None:
    parts = (password, f"\0{user}\0{password}", f"{user}\0{user}\0{password}")
    parts = (*parts, f"user={user}\x01auth=Bearer {password}\x01\x01")
    forms = (password.encode(), *(base64.b64encode(part.encode()) for part in parts))
    credential = Credential(user, password)
    for form in forms:
        masked = credential.mask(b"535 5.7.8 rejected: " + form + b" (see the page)")
        assert form not in masked
        assert masked.endswith(b" (see the page)")
    assert credential.mask(b"\0\xff%$") == b"\0\xff%$"


def test_reply_without_a_password_is_unchanged() -> None:
    reply = b"535-5.7.8 Username and Password not accepted. For more information, go to\r\n"
    assert Credential("ada", "s3cret").mask(reply) == reply
    assert Credential("ada", "").mask(reply) == reply


@pytest.mark.parametrize(
    ("transport", "command"),
    [
        ("git-send-email", "false --user=ada:{}"),
        ("git-send-email", "curl smtps://ada:{}@mail.example.org"),
        ("b4", "sh -c 'echo smtp://ada:{}@h >&2; exit 1' -"),
    ],
)
def test_mail_program_has_no_password(world: SecretWorld, transport: str, command: str) -> None:
    world.repo.git("config --global sendemail.sendmailcmd", command.format(make_secret("program")))
    world.run_command("doctor", "--offline")
    assert world.run_command("send", "--via", transport, "--force", "a test", "--yes") != 0
    world.run_command("send", "--resume", "--dry-run")
    world.run_command("draft")
    assert f"program {command.partition(' ')[0]}" in world.printed
    world.assert_nothing_leaked()


def test_web_endpoint_has_no_password(world: SecretWorld) -> None:
    world.repo.git(
        "config --global b4.send-endpoint-web", f"http://{make_login('endpoint')}127.0.0.1:1/_b4"
    )
    world.repo.git("config --global --unset sendemail.smtpserver")
    for option in ("--dry-run", "--yes"):
        world.run_command("send", "--via", "b4", "--force", "a test", option)
    world.run_command("doctor", "--offline", "--via", "b4")
    world.assert_nothing_leaked()


def test_bug_log_has_no_password(world: SecretWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_bug(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot parse {world.archive.make_url_with_password('lore')}")

    monkeypatch.setattr("patchpilot.topic.own_archive.open_archive", raise_bug)
    monkeypatch.setattr(
        "sys.argv",
        ["patchpilot", "--lore", world.archive.make_url_with_password("argv")],
    )
    assert world.run_command("track", "add", "<post@example.org>") == ExitCode.BUG
    with pytest.raises(RuntimeError) as raised:
        raise_bug()
    assert to_patchpilot_error(raised.value).exit_code == ExitCode.BUG
    logs = [file.read_text() for file in (world.folder / "tmp").glob("patchpilot-bug-*.log")]
    assert len(logs) == 2
    assert all(f"cannot parse {world.archive.url}" in log for log in logs)
    secret_path = f"/mail/{make_secret('command')}"
    world.repo.git("config --global patchpilot.mailbox", secret_path)
    assert world.run_command("doctor", "--report") == ExitCode.OK
    assert "RuntimeError: cannot parse" in world.printed
    assert "mailbox = (not shown) (git config)" in world.printed
    world.assert_nothing_leaked()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://ada:pass@h/p", "http://h/p"),
        ("https://token@h", "https://h"),
        ("http://ada:a@b@h/x?y=z@w", "http://h/x?y=z@w"),
        ("http://ada:a/b@h/x", "http://h/x"),
        ("see http://a:b@h, and HTTPS://x:y@z/", "see http://h, and HTTPS://z/"),
        ("'http://:b@h'", "'http://h'"),
        ("smtps://ada%40h:b@[::1]:465", "smtps://[::1]:465"),
        ("ssh://git@host/x ssh://git:b@host/x", "ssh://git@host/x ssh://host/x"),
        (
            "https://lore.kernel.org/r/20230101-a:b@host/",
            "https://lore.kernel.org/r/20230101-a:b@host/",
        ),
        (
            "http://[::1]:80/a@b http://h:8080 a@b",
            "http://[::1]:80/a@b http://h:8080 a@b",
        ),
        ("ada@example.org", "ada@example.org"),
    ],
)
def test_displayed_url_has_no_login(text: str, expected: str) -> None:
    assert hide_url_credentials(text) == expected
    assert str(NetworkError(text, hint=text)) == expected
    assert NetworkError("x", hint=text).hint == expected


@given(
    st.text(
        st.characters(exclude_characters="/?#@[]", exclude_categories=("Z", "C")),
        min_size=1,
    ),
    st.text(st.characters(exclude_categories=("Z", "C"))),
)
def test_url_password_is_hidden(user: str, word: str) -> None:
    assert hide_url_credentials(f"x http://{user}:{MARK}@host/{word}").startswith("x http://host/")


@pytest.mark.parametrize(
    ("url", "server", "expected"),
    [
        ("http://h:80/a", "http://ada:b@h:80/all", "http://ada:b@h:80/a"),
        ("http://h/a", "http://ada:b@h.example.org/all", "http://h/a"),
        ("http://h/a", "https://ada:b@h/all", "http://h/a"),
        ("http://h:81/a", "http://ada:b@h:80/all", "http://h:81/a"),
        ("http://eve:c@h/a", "http://ada:b@h/all", "http://eve:c@h/a"),
        ("http://h/a", "http://h/all", "http://h/a"),
        ("http://h/a", "/srv/archive", "http://h/a"),
        ("/srv/archive", "http://ada:b@h/all", "/srv/archive"),
        ("http://h/a", "http://[::1/", "http://h/a"),
    ],
)
def test_password_is_sent_to_its_server_only(url: str, server: str, expected: str) -> None:
    assert add_login(url, server) == expected
