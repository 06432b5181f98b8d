# SPDX-License-Identifier: GPL-2.0-or-later
"""Store a mail account's password where git send-email finds it: in a credential helper or
~/.netrc.

It is never stored in git's configuration, which is plain text and often published.
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.git_command import git
from patchpilot.errors import RefusedError

ASK, NETRC = "ask", "netrc"
_HELPERS = (
    ("libsecret", "the keyring of the desktop (libsecret)"),
    ("osxkeychain", "the keychain of macOS"),
    ("manager", "Git Credential Manager"),
    ("cache", "memory, for 15 minutes"),
    ("store", "~/.git-credentials, in plain text"),
)
"""Credential helpers shipped or documented by git (gitcredentials(7)), safest first."""
_NETRC_HELPERS = (
    "/usr/share/doc/git/contrib/credential/netrc/git-credential-netrc.perl",
    "/usr/share/git/credential/netrc/git-credential-netrc.perl",
)


class PasswordStore(NamedTuple):
    """A place in which a password can be stored.

    `name` is its name on the command line, and `description` names it for the user. `plain` is set
    if the password is stored as plain text. `helper` is the credential helper, or "" if there is
    none.
    """

    name: str
    description: str
    plain: bool = False
    helper: str = ""


def find_password_stores() -> tuple[PasswordStore, ...]:
    """Return the password stores on this machine.

    The configured helper comes first, then the other stores, safest first. The last entry stores
    nothing: git asks for the password each time.
    """
    result = git(None, "config", "--global", "--get-all", "credential.helper", ok=(0, 1))
    helpers = [helper for helper in result.text.splitlines() if helper]
    exec_path = Path(git(None, "--exec-path").text.strip())
    keepers = [
        PasswordStore(name, label, plain=name == "store", helper=name)
        for name, label in _HELPERS
        if shutil.which(
            f"git-credential-{name}",
            path=f"{exec_path}{os.pathsep}{os.environ.get('PATH', '')}",
        )
    ]
    netrc = shutil.which("git-credential-netrc") or next(
        (path for path in _NETRC_HELPERS if Path(path).exists()), ""
    )
    if netrc:
        helper_command = netrc if os.access(netrc, os.X_OK) else f"!perl {netrc}"
        keepers.append(
            PasswordStore(NETRC, "~/.netrc, in plain text", plain=True, helper=helper_command)
        )
    existing = (
        [PasswordStore("helper", f"git's credential helper: {helpers[-1]}")] if helpers else []
    )
    return (
        *existing,
        *keepers,
        PasswordStore(ASK, "nowhere: git asks for the password each time"),
    )


def store_password(keeper: PasswordStore, host: str, user: str, password: str) -> None:
    """Store a password in ~/.netrc or with a credential helper.

    `host` is `server:port`. Raise RefusedError on failure.
    """
    if keeper.name == ASK:
        return
    if any(character in f"{host}{user}{password}" for character in "\r\n\0"):
        raise RefusedError("git cannot store a password with a line break")
    if keeper.name == NETRC:
        _write_netrc(host, user, password)
        return
    helper = (
        ("-c", "credential.helper=", "-c", f"credential.helper={keeper.helper}")
        if keeper.helper
        else ()
    )
    fields = f"protocol=smtp\nhost={host}\nusername={user}\npassword={password}\n\n"
    result = git(
        None,
        *helper,
        "credential",
        "approve",
        stdin=fields.encode(),
        env={"GIT_TERMINAL_PROMPT": "0"},
        ok=(),
    )
    if result.code:
        raise RefusedError(
            f"the password was not stored: {result.error_text}",
            hint="choose another place with --keep",
        )


def _write_netrc(host: str, user: str, password: str) -> None:
    if any(character.isspace() for character in f"{user}{password}"):
        raise RefusedError(
            "~/.netrc cannot hold a password with spaces",
            hint="choose another place with --keep",
        )
    file = Path.home() / ".netrc"
    name, _, port = host.rpartition(":")
    line = f"machine {name} port {port} login {user} password {password}\n"
    content = file.read_text() if file.exists() else ""
    if line in content:
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(line if not content or content.endswith("\n") else f"\n{line}")
