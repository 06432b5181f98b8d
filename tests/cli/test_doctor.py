# SPDX-License-Identifier: GPL-2.0-or-later
"""Test doctor's findings, and that it never sends messages."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from patchpilot.commits.run import Completed
from patchpilot.outgoing import probes
from patchpilot.outgoing.b4.b4_transport import B4Transport
from patchpilot.outgoing.providers import find_provider, load_providers
from patchpilot.outgoing.send_email import send_email_transport
from patchpilot.projects.loading import default_project
from patchpilot.setup.diagnose import Diagnosis
from patchpilot.setup.run_fix import list_fix_commands
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink, create_certificate
from tests.kit.topics import topic

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


def run_doctor(repo: Repo, line: str = "") -> dict[str, tuple[str, str]]:
    """Map the name of each diagnosis to its state and its message and hint."""
    repo.git("config --global patchpilot.lore http://127.0.0.1:9/all")
    result = repo.patchpilot(f"doctor --format json {line}")
    document = result.json
    assert document["schema"] == "patchpilot/doctor/1"
    assert (result.code == 0) == document["healthy"]
    return {
        doctor_check["name"]: (
            doctor_check["state"],
            f"{doctor_check['message']} {doctor_check['hint']}",
        )
        for doctor_check in document["checks"]
    }


def test_successful_login_is_silent(tmp_path: Path) -> None:
    pair = create_certificate(tmp_path)
    with FaultySink(tls="starttls", certificate=pair, login=("ada", "s3cret")) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        for name, value in (
            ("smtpencryption", "tls"),
            ("smtpuser", "ada"),
            ("smtpsslcertpath", str(pair[0])),
        ):
            repo.git("config --global", f"sendemail.{name}", value)
        repo.git(
            "config --global credential.helper '!f() { test $1 = get && echo password=s3cret; }; f'"
        )
        result = run_doctor(repo)
        assert {
            result[name][0]
            for name in (
                "mail server",
                "login",
                "identity",
                "git-send-email",
                "b4",
                "outbox",
            )
        } == {"ok"}
        assert result["archive"][0] == "warn"
        assert server.take() == ()
        repo.git(
            "config --global credential.helper '!f() { test $1 = get && echo password=wrong; }; f'"
        )
        state, message = run_doctor(repo)["login"]
        assert (
            state,
            "rejects the login of ada" in message,
            "app password" in message,
            "wrong" in message,
        ) == ("fail", True, True, False)
        repo.git("config --global --unset sendemail.smtpsslcertpath")
        assert "certificate" in run_doctor(repo)["encryption"][1]


def test_unreachable_server_is_reported(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.smtpuser ada")
        result = run_doctor(repo)
        assert result["login"][0] == "warn"
        assert "credential helper" in result["login"][1]
    assert run_doctor(repo)["mail server"][0] == "fail"
    assert run_doctor(repo, "--offline")["mail server"][0] == "skip"


def test_settings_of_known_provider_are_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    repo = topic(tmp_path / "r", 1)
    repo.git("config user.email ada@gmail.com")
    result = run_doctor(repo, "--offline")
    assert "smtp.gmail.com" in result["provider"][1]
    assert "app password" in result["provider"][1]
    assert "git config --global sendemail.smtpserver smtp.gmail.com" in result["provider"][1]
    assert "b4 endpoint" not in result
    assert "web endpoint" in run_doctor(repo, "--offline --via b4")["b4 endpoint"][1]
    repo.git("config --global sendemail.smtpserver smtp.office365.com")
    result = run_doctor(repo, "--offline")
    assert result["gateway"][0] == "warn"
    assert result["port"][0] == "warn"


def test_stored_password_is_hidden(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    for name, value in (
        ("smtpserver", "127.0.0.1"),
        ("smtpuser", "ada"),
        ("smtppass", "s3cret"),
    ):
        repo.git("config --global", f"sendemail.{name}", value)
    outcome = repo.patchpilot("doctor --offline")
    assert "smtpPass" in outcome.out
    assert "s3cret" not in outcome.out + outcome.err


def test_missing_identity_is_a_failure(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    (Path(os.environ["HOME"]) / ".gitconfig").write_text("")
    assert run_doctor(repo, "--offline")["identity"][0] == "fail"


def test_mail_account_is_checked_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with FaultySink() as server:
        config = Path(os.environ["HOME"]) / ".gitconfig"
        config.write_text(
            config.read_text()
            + f"[sendemail]\n\tsmtpserver = 127.0.0.1\n\tsmtpserverport = {server.port}\n"
        )
        config.write_text(config.read_text() + "[patchpilot]\n\tlore = http://127.0.0.1:9/all\n")
        document = call("doctor --format json").json
        reported = {check["name"]: check["state"] for check in document["checks"]}
        assert (
            reported["repository"],
            reported["identity"],
            reported["mail server"],
            reported["stable branches"],
        ) == ("warn", "ok", "ok", "skip")
        assert server.take() == ()
    assert not (tmp_path / ".git").exists()


def test_missing_program_has_an_install_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic(tmp_path / "r", 1)
    missing = Completed(2, b"", b"Can't locate Mail/Address.pm in @INC")
    monkeypatch.setattr(send_email_transport, "run", lambda *_, **__: missing)
    state, message = run_doctor(repo, "--offline")["git-send-email"]
    assert state == "fail"
    assert "libmailtools-perl" in message
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert B4Transport().installed(None, None, chosen=True).state == "fail"


def test_commit_graph_is_checked(tmp_path: Path) -> None:
    from patchpilot.commits.repository import Repository

    repo = topic(tmp_path / "r", 1)
    with Repository.open(repo.path) as repository:
        assert probes.probe_commit_graph(repository).state == "ok"
        assert probes.probe_commit_graph(repository, large=1).state == "warn"
        repo.git("commit-graph write --reachable")
        assert "small history" in probes.probe_commit_graph(repository).message
        assert "filters" in probes.probe_commit_graph(repository, large=1).message
        repo.git("commit-graph write --reachable --changed-paths --split=replace")
        assert probes.probe_commit_graph(repository).state == "ok"


def test_every_mail_provider_has_required_settings() -> None:
    for provider in load_providers():
        assert provider.name
        assert provider.servers
        assert provider.encryption in ("tls", "ssl")
        assert provider.login
        assert provider.reference.startswith("https://")
    assert find_provider("email-smtp.eu-west-1.amazonaws.com").name == "Amazon SES"
    assert find_provider("127.0.0.1", 1025).name == "Proton Mail Bridge"
    assert find_provider("127.0.0.1", 25) is None


def test_old_stable_branches_share_a_warning(tmp_path: Path) -> None:
    existing, absent = (
        (
            versions := [
                maintained.version for maintained in default_project().stable.find_maintained()
            ]
        )[1::2],
        versions[::2],
    )
    repo = topic(tmp_path / "r", 1)
    tip = repo.git("rev-parse master")
    for version in existing:
        repo.git("update-ref", f"refs/remotes/stable/linux-{version}.y", tip)
    # pretend that this clone has not fetched anything yet
    shutil.rmtree(repo.path / ".git" / "logs")
    repo.git("config patchpilot.profile linux")
    checks = repo.patchpilot("doctor --offline --format json").json["checks"]
    stale, missing = [check for check in checks if check["name"] == "stable branches"]
    assert stale["hint"] == "git fetch stable"
    assert all(f"stable/linux-{version}.y" in stale["message"] for version in existing)
    assert all(version in missing["message"] for version in absent)
    assert missing["hint"] == "patchpilot setup stable --fetch"


def test_missing_release_tags_have_the_command_that_fetches_them(tmp_path: Path) -> None:
    first, second, *_ = default_project().stable.find_maintained()
    repo = topic(tmp_path / "r", 1)
    repo.git("config patchpilot.profile linux")
    repo.git("config remote.korg.url https://example.org/linux.git")
    for version in (first.version, second.version):
        repo.git(f"update-ref refs/remotes/korg/linux-{version}.y master")
    repo.tag(f"v{second.version}-rc1")
    checks = repo.patchpilot("doctor --offline --format json").json["checks"]
    (tags,) = [Diagnosis(**check) for check in checks if check["name"] == "release tags"]
    assert tags.message.startswith(f"no tag of {first.version} has been fetched")
    assert list_fix_commands(tags) == ("git fetch --tags korg",)
