# SPDX-License-Identifier: GPL-2.0-or-later
"""Get the mail account's password from git's credential helpers.

The password is requested before sending and kept only in memory.
"""

import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import git_environment
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.outgoing.mail_account import Account

_BREAK = lazy_pattern(r"[\r\n\0]")
"""Separators in git-credential's protocol."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+=*")
_DIGITS = 4
"""Minimum number of base64 digits to mask; shorter sequences occur in ordinary words."""
_MASK = b"***"


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a password from git's credential helpers.

    Its repr does not contain the password.
    """

    user: str
    password: str = field(repr=False)
    answer: bytes = field(repr=False, default=b"")

    def mask(self, text: bytes) -> bytes:
        """Mask the password, plain or in base64, in a server's reply."""
        password = self.password.encode("utf-8", "surrogateescape")
        if not password:
            return text

        encoded_forms = tuple(_encode_password(password))

        def mask(run: re.Match[bytes]) -> bytes:
            return _MASK if any(part in run[0] for part in encoded_forms) else run[0]

        return _BASE64.sub(mask, text.replace(password, _MASK))


def _encode_password(password: bytes) -> Iterator[bytes]:
    """Yield the password's base64 digits at each of the three alignments.

    Omit digits that depend on neighboring bytes.
    """
    for shift in range(3):
        text = b64encode(bytes(shift) + password)
        digits = text[-(-8 * shift // 6) : 8 * (shift + len(password)) // 6]
        if len(digits) >= _DIGITS:
            yield digits


def store_login_result(repository: Repository, credential: Credential | None, login: str) -> None:
    """Make git's credential helpers store an accepted password or erase a rejected one.

    `login` is "accepted", "refused", or "" if there was no login.
    """
    if not credential or not credential.answer or not login:
        return
    # keep the helper in the same terminal session, because it may need the session, for example to
    # unlock a key ring
    subprocess.run(
        [
            "git",
            "-C",
            str(repository.top),
            "credential",
            "approve" if login == "accepted" else "reject",
        ],
        input=credential.answer + b"\n",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=git_environment({"GIT_TERMINAL_PROMPT": "0"}, parsed=False, repo=repository.top),
        check=False,
    )


def find_credential(
    repository: Repository, account: Account, *, terminal: bool
) -> Credential | None:
    """Return the credential for the login, or None if the account needs no password.

    It is read from `sendemail.smtpPass` or `git credential fill`, which may prompt if `terminal` is
    true. Raise RefusedError if there is no password.
    """
    if not account.needs_login:
        return None
    configured = (
        repository.config(f"sendemail.{account.identity}.smtppass") if account.identity else ()
    )
    passwords = configured or repository.config("sendemail.smtppass")
    if passwords:
        return Credential(account.user, passwords[-1])
    no_prompt = None if terminal else {"GIT_TERMINAL_PROMPT": "0"}
    env = git_environment(no_prompt, parsed=False, repo=repository.top)
    if terminal:
        env.pop("GIT_TERMINAL_PROMPT", None)
    result = subprocess.run(
        ["git", "-C", str(repository.top), "credential", "fill"],
        input=_format_query(account),
        stdout=subprocess.PIPE,
        stderr=None if terminal else subprocess.PIPE,
        env=env,
        check=False,
    )
    fields = dict(
        line.split("=", 1)
        for line in result.stdout.decode("utf-8", "replace").splitlines()
        if "=" in line
    )
    if result.returncode or not fields.get("password"):
        raise RefusedError(
            f"no password for {account.user} at {account.server}, and no terminal to ask for it",
            hint=(
                "set up a git credential helper (`git config credential.helper …`), or run this in"
                " a terminal"
            ),
        )
    return Credential(fields.get("username", account.user), fields["password"], result.stdout)


def _format_query(account: Account) -> bytes:
    host = f"{account.server}:{account.port}" if account.value("smtpserverport") else account.server
    for name, value in (("smtpServer", host), ("smtpUser", account.user)):
        if _BREAK.search(value):
            raise RefusedError(
                f"sendemail.{name} contains a line break: git would be asked for the password"
                " of another"
                " host",
                hint=(
                    f"run `git config --show-origin --get-all sendemail.{name}` to see where"
                    " it is set"
                ),
            )
    return f"protocol=smtp\nhost={host}\nusername={account.user}\n\n".encode()
