# SPDX-License-Identifier: GPL-2.0-or-later
"""Create the messages of a series with git send-email.

Nothing is sent.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.git_reading import git_version
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import RunWatch, run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import InputError, MissingError, PatchpilotError
from patchpilot.extras import system_install_command
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address, check_email_address, parse_address
from patchpilot.model.message import Message
from patchpilot.outgoing.header_guard import refuse_other_recipients
from patchpilot.outgoing.mail_account import Account

_OFF = (("aliasfiletype", ""), ("mailmap", "false"))
"""Settings that disable changes to recipients; aliases are already resolved in the plan."""
_NO_COPY = (("imapsentfolder", ""), ("useimaponly", "false"))
"""Settings that disable copying messages to an IMAP folder."""
CAPTURE = 900.0
"""Time limit in seconds for rendering a whole series before sending."""
_NO_BATCHES = ("--batch-size=1", "--relogin-delay=0")
"""Options to use one connection per message, without the delay of `sendemail.smtpReloginDelay`."""
_STORE_SCRIPT = """\
keep() {{
    read -r n < {folder}/count
    n=$((n + 1))
    echo "$n" > {folder}/count
    for word in "$@"; do printf '%s\\n' "$word"; done > {folder}/"$n.arguments"
    exec cat > {folder}/"$n.raw"
}}; keep"""
"""A replacement for sendmail that stores the bytes and arguments of each message. It uses the
shell's builtins, because a series may have hundreds of messages.
"""
RENDERING = "patchpilot-rendering"
"""A sendemail identity that only exists while git send-email renders the messages."""
_SETTINGS = Action("doctor", (), "run `git config --get-regexp '^sendemail'`, and see `{}`")


def capture_send_email(
    repository: Repository,
    account: Account,
    messages: Sequence[Message],
    bcc: Sequence[str] = (),
    identity: str | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> tuple[Message, ...]:
    """Render composed messages with git send-email.

    sendmail is replaced with a program that stores the messages, so nothing is sent. `meanwhile` is
    called while git send-email runs.
    """
    with TemporaryFolder("send") as folder:
        files = folder / "files"
        files.mkdir()
        for number, message in enumerate(messages):
            (files / f"{number:05d}").write_bytes(message.file)
        (folder / "count").write_text("0\n")
        argv = [
            *_make_argv(repository, account, bcc, identity, _copies_sender(account, messages)),
            "--confirm=never",
            *_NO_BATCHES,
            f"--sendmail-cmd={_STORE_SCRIPT.format(folder=shlex.quote(str(folder)))}",
            str(files),
        ]
        env = _base_environment(repository, account)
        result = run(
            argv,
            env=env,
            cwd=repository.top,
            timeout=RunWatch(CAPTURE, meanwhile),
            name="git send-email",
        )
        if result.code or (folder / "count").read_text() != f"{len(messages)}\n":
            raise _failure_error(result.error_text, result.out.decode("utf-8", "replace"))
        bcc_emails = [address.email for address in filter(None, map(parse_address, bcc))]
        rendered = []
        for number, message in enumerate(messages, 1):
            arguments = (folder / f"{number}.arguments").read_text().splitlines()
            sender, recipients = split_arguments(tuple(arguments), len(account.options))
            raw = (folder / f"{number}.raw").read_bytes()
            captured = message.replace_raw(raw, recipients=recipients)
            refuse_other_recipients(captured, (*message.to_and_cc, *bcc_emails), "git send-email")
            rendered.append(replace(captured, envelope_from=sender or captured.sender.email))
        return tuple(rendered)


def _make_argv(
    repository: Repository,
    account: Account,
    bcc: Sequence[str],
    identity: str | None,
    keep_sender: bool,
) -> list[str]:
    """Return a git send-email command that adds no recipients, keeps the threading and never
    prompts.

    Raise UntrustedCommandsError if it would run a command from the repository's configuration.
    """
    arguments = ["git", "-C", str(repository.top), "send-email"]
    if account.values("suppresscc"):
        identity = RENDERING
    if identity:
        arguments.append(f"--identity={identity}")
    if account.sender:
        arguments.append(
            f"--from={Address(account.sender.name, check_email_address(account.sender.email).wire or account.sender.email).header()}"  # noqa: E501
        )
    arguments.append("--no-suppress-from" if keep_sender else "--suppress-from")
    arguments += [
        "--no-format-patch",
        "--no-annotate",
        "--no-thread",
        "--no-chain-reply-to",
        "--no-signed-off-by-cc",
    ]
    arguments += [
        "--no-to",
        "--no-cc",
        "--no-bcc",
        "--to-cmd=true",
        "--cc-cmd=true",
        "--8bit-encoding=UTF-8",
    ]
    # suppressing "self" would also remove a sender who is in Cc: on purpose
    kinds = (
        "author",
        "bodycc",
        "sob",
        "misc-by",
        "cccmd",
        *(() if keep_sender else ("self",)),
    )
    arguments += [f"--suppress-cc={kind}" for kind in kinds]
    # before 2.41, git has neither the setting nor the option
    if account.value("headercmd") and _git_release() >= (2, 41):
        arguments.append("--header-cmd=true")
    return [*arguments, *(f"--bcc={address}" for address in bcc)]


def _copies_sender(account: Account, messages: Sequence[Message]) -> bool:
    return account.sender is not None and any(
        address.key == account.sender.key for message in messages for address in message.cc
    )


def _base_environment(repository: Repository, account: Account) -> dict[str, str]:
    sections = ["sendemail"]
    settings: list[tuple[str, str]] = []
    if account.values("suppresscc"):
        # git adds the options to the values of this setting, and only another identity hides them
        sections.append(f"sendemail.{RENDERING}")
        hidden = ("suppresscc", "smtppass", "identity")
        settings = [
            (f"sendemail.{RENDERING}.{name}", value)
            for name, values in account.settings.items()
            if name not in hidden
            for value in values
        ]
        settings.append((f"sendemail.{RENDERING}.suppresscc", "author"))
    elif account.identity:
        sections.append(f"sendemail.{account.identity}")
    settings += [
        (f"{section}.{key}", value) for section in sections for key, value in (*_OFF, *_NO_COPY)
    ]
    env = git_environment(make_config_variable(settings), repo=repository.top)
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        env.pop(name, None)
    return env | {"PATCHPILOT_SENDING": "1"}


def split_arguments(arguments: tuple[str, ...], options: int = 0) -> tuple[str, tuple[str, ...]]:
    """Return the envelope sender, or "", and the recipients in the arguments of sendmail.

    The arguments have the form `[-f SENDER] -i RECIPIENT…`. The first `options` arguments are
    options for the server. Each argument after `-i` is a recipient, even if it starts with a dash.
    """
    remaining = arguments[options:]
    sender, remaining = (
        (remaining[1], remaining[2:])
        if remaining[:1] == ("-f",) and len(remaining) > 1
        else ("", remaining)
    )
    return sender, remaining[1:] if remaining[:1] == ("-i",) else remaining


def _failure_error(err: str, out: str) -> PatchpilotError:
    text = err + out
    if "is not a git command" in text:
        return MissingError(
            "git send-email is not installed", hint=system_install_command("git-email")
        )
    if "NO_PERL_CPAN_FALLBACKS" in text or "Can't locate" in text:
        return MissingError(
            "git send-email lacks a required Perl module",
            hint=system_install_command("git-email"),
        )
    if match := re.search(r"unable to extract a valid address from: (.*?@[^\s/>]*>?)", text):
        # remove the name of the file that git appends to the address; git also requires a dot in
        # every domain, but patchpilot only warns about this
        return InputError(
            f"git send-email rejects an address without a dot in its domain: {match[1].strip()}",
            hint=Hint(
                (
                    "write the domain in full, or ",
                    Action("", ("--via", "b4"), "send with {}, which accepts it"),
                )
            ),
        )
    lines = [line.strip() for line in err.splitlines() if line.strip()] or [
        line.strip() for line in out.splitlines() if line.strip()
    ]
    first_line = lines[0] if lines else "no message"
    hint = (
        f"this is git {'.'.join(map(str, _git_release()))}: update git, or use --via b4"
        if "nknown option" in text
        else _SETTINGS
    )
    return MissingError(f"git send-email failed before the first mail: {first_line}", hint=hint)


def _git_release() -> tuple[int, int]:
    """Return the first two numbers of git's version, or (0, 0) if it is not known."""
    version = re.search(r"(\d+)\.(\d+)", git_version())
    return (int(version[1]), int(version[2])) if version else (0, 0)
