# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes of what sending needs: programs, Perl modules, the mail server up to a login, the archive and the clock. Nothing is ever sent."""

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git, run
from patchpilot.errors import PatchpilotError
from patchpilot.outgoing.b4.command import INSTALL as B4
from patchpilot.outgoing.credentials import ask
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.send_email.git_send_email import INSTALL
from patchpilot.outgoing.smtp import Submission, words

B4_RANGE = "0.16"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe found: "ok", "warn", "fail" or "skip", in words, and the way to mend it."""

    name: str
    state: str
    message: str
    hint: str = ""


def git_send_email(repository: Repository | None, account: Account | None, wanted: bool = True) -> Probe:
    """Whether git send-email and the Perl modules this account needs are there; what is not wanted is only told."""
    lack = "fail" if wanted else "warn"
    where = repository.top if repository else Path.cwd()
    path = git(where, "--exec-path").text.strip()
    if not (Path(path) / "git-send-email").exists():
        return Probe("git-send-email", lack, "git send-email is not installed", INSTALL)
    modules = ["Net::SMTP", "Mail::Address"]
    if account and account.encryption:
        modules.append("IO::Socket::SSL")
    if account and account.needs_login:
        modules += ["Authen::SASL", "MIME::Base64"]
    missing = [module for module in modules if not _perl_has(module, path)]
    if missing:
        return Probe("git-send-email", lack, f"git send-email lacks the Perl module(s) {', '.join(missing)}", INSTALL)
    return Probe("git-send-email", "ok", "git send-email is installed")


def _perl_has(module: str, exec_path: str) -> bool:
    try:
        done = run(["perl", f"-M{module}", "-e", "1"], timeout=20.0)
    except (OSError, PatchpilotError):
        return False
    # git brings its own Mail::Address where the system has none, unless the distribution took it out
    bundled = module == "Mail::Address" and any(
        (Path(one) / "Git/FromCPAN/Mail/Address.pm").exists()
        for one in (f"{exec_path}/../../share/perl5", "/usr/share/perl5", "/usr/local/share/perl5")
    )
    return done.code == 0 or bundled


def b4_there(wanted: bool) -> Probe:
    """Whether b4 is there in a version we know."""
    if importlib.util.find_spec("b4") is None:
        return (
            Probe("b4", "fail", "b4 is not installed", B4) if wanted else Probe("b4", "skip", "b4 is not installed: only --via b4 needs it")
        )
    version = importlib.metadata.version("b4")
    if not version.startswith(B4_RANGE):
        return Probe("b4", "warn", f"b4 {version} is not the {B4_RANGE} this was measured with", B4)
    return Probe("b4", "ok", f"b4 {version}")


def mail_server(repository: Repository, account: Account, *, terminal: bool, timeout: float = 15.0) -> tuple[Probe, ...]:
    """Reach the server, encrypt and log in as git send-email would; then say goodbye."""
    if account.sendmail:
        return (_program(account.sendmail),)
    if not account.configured:
        return (Probe("mail server", "fail", "no mail server is set", "git config --global sendemail.smtpserver HOST"),)
    credential = None
    if account.needs_login:
        try:
            credential = ask(repository, account, terminal=terminal)
        except PatchpilotError as error:
            return (
                *_reach(account, timeout),
                Probe("login", "warn" if not terminal else "fail", f"login was not tried: {error.message}", error.hint or ""),
            )
    found: list[Probe] = []
    with Submission(account, credential, timeout) as way:
        try:
            server = way.open()
        except PatchpilotError as error:
            what = "login" if "login" in error.message else "encryption" if "STARTTLS" in error.message else "mail server"
            return (Probe(what, "fail", error.message, _server_hint(account, error.message)),)
        found.append(Probe("mail server", "ok", f"{account.label} answers"))
        if account.needs_login:
            found.append(Probe("login", "ok", f"{account.user} is let in; nothing was sent"))
        if not account.encryption and server.has_extn("starttls") and not _is_local(account.server):
            found.append(
                Probe(
                    "encryption",
                    "warn",
                    "the server offers STARTTLS, and it is not used",
                    "git config --global sendemail.smtpencryption tls",
                )
            )
        if account.needs_login and not account.encryption and not _is_local(account.server):
            found.append(
                Probe("password", "fail", "the password goes over the net unencrypted", "git config --global sendemail.smtpencryption tls")
            )
    return tuple(found)


def _reach(account: Account, timeout: float) -> tuple[Probe, ...]:
    with Submission(account, None, timeout) as way:
        try:
            way.open()
        except PatchpilotError as error:
            return (Probe("mail server", "fail", error.message, _server_hint(account, error.message)),)
    return (Probe("mail server", "ok", f"{account.label} answers"),)


def _server_hint(account: Account, message: str) -> str:
    if "certificate" in message:
        return "git config --global sendemail.smtpsslcertpath FILE, if you trust that server"
    if "login" in message:
        return "many providers want an app password or OAuth here, not the account's password"
    if account.port == 25:
        return "port 25 is closed to homes by most providers: git config --global sendemail.smtpserverport 587, with smtpencryption tls"
    return "git config sendemail.smtpserver, .smtpserverport and .smtpencryption say where to go"


def _program(command: str) -> Probe:
    import shlex
    import shutil

    parts = shlex.split(command)
    if parts and shutil.which(parts[0]):
        return Probe("mail server", "ok", f"mails are handed to {command}; whether it reaches a server is up to it")
    return Probe(
        "mail server",
        "fail",
        f"the program {parts[0] if parts else command!r} is not there",
        "git config sendemail.sendmailcmd, or sendemail.smtpserver",
    )


def _is_local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def archive_and_clock(url: str, timeout: float = 10.0) -> tuple[Probe, ...]:
    """Whether the archive answers, and whether its clock agrees with ours."""
    import requests

    from patchpilot import __version__

    try:
        answer = requests.head(
            url.rstrip("/") + "/", timeout=timeout, allow_redirects=True, headers={"User-Agent": f"patchpilot/{__version__}"}
        )
    except requests.RequestException as error:
        return (
            Probe(
                "archive",
                "warn",
                f"{url} cannot be reached: {_reason(error)}",
                "replies cannot be followed until it answers; --mbox reads files",
            ),
        )
    found = [Probe("archive", "ok", f"{url} answers")]
    if answer.status_code >= 400:
        found = [
            Probe("archive", "warn", f"{url} answers with status {answer.status_code}", "git config patchpilot.lore URL names another")
        ]
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return tuple(found)
    off = datetime.now(UTC) - theirs
    if abs(off) > timedelta(minutes=5):
        found.append(
            Probe(
                "clock",
                "warn",
                f"this machine's clock is {_span(off)} of the archive's: mails would carry a wrong date",
                "timedatectl set-ntp true",
            )
        )
    else:
        found.append(Probe("clock", "ok", "the clock agrees with the archive's"))
    return tuple(found)


def _reason(error: Exception) -> str:
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "there is no such host (or no name service)"
    if "timed out" in text.lower():
        return "no answer in time"
    return words(error.args[0]) if error.args and isinstance(error.args[0], OSError) else "no connection"


def _span(off: timedelta) -> str:
    minutes = int(abs(off).total_seconds() // 60)
    return f"{minutes} minutes {'ahead' if off > timedelta(0) else 'behind'}"


def commit_graph(repository: Repository, many: int = 20_000) -> Probe:
    """Whether history questions have a commit-graph with changed-path filters to go by."""
    info = repository.common_dir / "objects" / "info"
    command = "git commit-graph write --reachable --changed-paths"
    single, chain = info / "commit-graph", info / "commit-graphs" / "commit-graph-chain"
    files: Sequence[Path] = ()
    if single.exists():
        files = (single,)
    elif chain.exists():
        files = tuple(info / "commit-graphs" / f"graph-{name}.graph" for name in chain.read_text().split())
    if not files:
        count = repository.git("rev-list", "--count", f"--max-count={many}", "--all").text.strip()
        if int(count or 0) < many:
            return Probe("commit-graph", "ok", "history is small: no commit-graph is needed")
        return Probe("commit-graph", "warn", "there is no commit-graph: questions about history take ten times as long", command)
    if not any(_has_filters(file) for file in files if file.exists()):
        return Probe("commit-graph", "warn", "the commit-graph has no changed-path filters", command)
    return Probe("commit-graph", "ok", "there is a commit-graph with changed-path filters")


def _has_filters(file: Path) -> bool:
    """Whether the file's table of chunks names the Bloom filters (gitformat-commit-graph(5))."""
    with file.open("rb") as handle:
        head = handle.read(8)
        if head[:4] != b"CGPH":
            return False
        table = handle.read(12 * (head[6] + 1))
    return any(table[at : at + 4] == b"BIDX" for at in range(0, len(table), 12))
