# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that git send-email and the Perl modules needed for an account are installed."""

from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git, run
from patchpilot.errors import PatchpilotError
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.probes import Probe, ProbeState
from patchpilot.outgoing.send_email.git_send_email import INSTALL


def git_send_email(
    repository: Repository | None, account: Account | None, chosen: bool = True
) -> Probe:
    """Checks that git send-email and the Perl modules needed for this account are installed.

    A missing one is a failure only if git send-email is the `chosen` transport.
    """
    lack: ProbeState = "fail" if chosen else "warn"
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
        return Probe(
            "git-send-email",
            lack,
            f"git send-email needs Perl modules that are not installed: {', '.join(missing)}",
            INSTALL,
        )
    return Probe("git-send-email", "ok", "git send-email is installed")


def _perl_has(module: str, exec_path: str) -> bool:
    try:
        done = run(["perl", f"-M{module}", "-e", "1"], timeout=20.0)
    except (OSError, PatchpilotError):
        return False
    # git brings its own Mail::Address where the system has none, unless the distribution took it
    # out
    bundled = module == "Mail::Address" and any(
        (Path(folder) / "Git/FromCPAN/Mail/Address.pm").exists()
        for folder in (
            f"{exec_path}/../../share/perl5",
            "/usr/share/perl5",
            "/usr/local/share/perl5",
        )
    )
    return done.code == 0 or bundled
