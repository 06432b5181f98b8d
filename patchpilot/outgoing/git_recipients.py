# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the recipients that the user's configuration adds.

They come from `sendemail.to/cc/bcc/tocmd/cccmd/suppresscc`, `format.to/cc/headers`, aliases, and
b4's settings for the recipients of series. The plan shows these recipients to the user. The
settings are disabled when messages are delivered.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError, UsageError, did_you_mean
from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.outgoing.header_guard import NEVER, ONCE
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.transport import Transport

TIME_LIMIT = 60.0
NO_ADDRESS = "pass 'Name <name@example.org>' or one of your aliases"
_REASONS = {
    "author": "author of the patch",
    "sob": "(?i:signed-off-by): in the message",
    "misc-by": "(?i:(?!signed-off-by).*-by): in the message",
    "bodycc": "(?i:cc): in the message",
    "cc": "Cc: of .*",
}
"""Patterns of the recipient reasons excluded by each kind of `sendemail.suppresscc`."""


def find_configured_recipients(
    repository: Repository,
    account: Account,
    transport: Transport,
    mails: Sequence[bytes],
) -> RecipientPlan:
    """Return the recipients from the configuration, with warnings about failed commands.

    tocmd and cccmd are run on `mails`, the patch files.
    """
    aliases = read_aliases(repository)
    recipients: list[Recipient] = []
    notes: list[str] = []
    suppressed = list_suppressed_kinds(account)
    for header, name, value in _recipient_settings(repository, account, transport):
        if name.endswith("Cmd"):
            if header == "cc" and "cccmd" in suppressed:
                continue
            addresses, note = _run_command(repository, value, mails)
            addresses = tuple(address for address in addresses if address != account.sender)
            notes += [note] if note else []
        elif header == "cc" and name.startswith("format.") and "cc" in suppressed:
            continue
        else:
            addresses = expand_aliases(value, aliases, name)
        recipients += [
            Recipient(address, "configured", None, header, (name,)) for address in addresses
        ]
    return RecipientPlan(tuple(recipients), warnings=tuple(notes))


def list_recipient_settings(
    repository: Repository, account: Account, transport: Transport
) -> tuple[str, ...]:
    """Return the names of the settings that add recipients.

    No command is run.
    """
    bcc = ("sendemail.bcc",) if account.values("bcc") else ()
    settings = _recipient_settings(repository, account, transport)
    return tuple(dict.fromkeys((*(name for _, name, _ in settings), *bcc)))


def _recipient_settings(
    repository: Repository, account: Account, transport: Transport
) -> Iterator[tuple[str, str, str]]:
    for header in ("to", "cc"):
        for value in account.values(header):
            yield header, f"sendemail.{header}", value
        for name in transport.recipient_settings.get(header, ()):
            for value in transport.recipient_values(repository, name):
                yield header, name, value
        for value in repository.config(f"format.{header}"):
            yield header, f"format.{header}", value
        for key, value in read_format_headers(repository):
            if key.lower() == header:
                yield header, "format.headers", value
        if command := account.value(f"{header}cmd"):
            yield header, f"sendemail.{header}Cmd", command


def read_format_headers(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield the names and values in `format.headers`, including To: and Cc:.

    Raise UsageError for a header that must occur only once, or that hides recipients.
    """
    for line in "\n".join(repository.config("format.headers")).split("\n"):
        name, colon, value = line.partition(":")
        key = name.strip().lower().encode()
        if line and (not colon or key in NEVER or key in {*ONCE} - {b"to", b"cc", b"reply-to"}):
            raise UsageError(
                f"format.headers: {line!r} cannot be added to a message",
                hint="run `git config --show-origin --get-all format.headers`",
            )
        if line:
            yield name.strip(), value.strip()


def read_blind_copies(repository: Repository, account: Account) -> tuple[Address, ...]:
    """Return the addresses in `sendemail.bcc`."""
    values = account.values("bcc")
    aliases = read_aliases(repository) if values else {}
    return tuple(
        address for value in values for address in expand_aliases(value, aliases, "sendemail.bcc")
    )


def list_suppressed_kinds(account: Account) -> frozenset[str]:
    """Return the kinds of recipients excluded by `sendemail.suppresscc` and older settings.

    "all" and "body" are expanded to the kinds that they include.
    """
    kinds = {
        kind
        for value in account.values("suppresscc")
        for kind in re.split(r"[\s,]+", value.lower())
        if kind
    }
    if "all" in kinds:
        kinds |= {"author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd"}
    if "body" in kinds:
        kinds |= {"sob", "misc-by", "bodycc"}
    if account.value("suppressfrom"):
        kinds = kinds | {"self"} if account.flag("suppressfrom") else kinds - {"self"}
    if account.value("signedoffbycc"):
        kinds = kinds - {"sob"} if account.flag("signedoffbycc") else kinds | {"sob"}
    return frozenset(kinds - {"all", "body"})


def drop_suppressed_recipients(
    recipients: Iterable[Recipient], kinds: frozenset[str]
) -> tuple[Recipient, ...]:
    """Remove the recipients for whom all reasons are of these kinds."""
    pattern = re.compile("|".join(_REASONS[kind] for kind in kinds & _REASONS.keys()))
    remaining = []
    for recipient in recipients:
        reasons = tuple(reason for reason in recipient.reasons if not pattern.fullmatch(reason))
        if reasons or recipient.by_hand:
            remaining.append(recipient._replace(reasons=reasons))
    return tuple(remaining)


def read_aliases(repository: Repository) -> dict[str, tuple[str, ...]]:
    """Return the addresses of each alias in `sendemail.aliasesfile`.

    The formats of mutt, mailrc, pine, elm and sendmail are supported, but not gnus. Raise
    UntrustedCommandsError if the repository itself configures alias files.
    """
    kind = (repository.config("sendemail.aliasfiletype") or ("",))[-1].lower()
    aliases: dict[str, tuple[str, ...]] = {}
    for name in repository.config("sendemail.aliasesfile"):
        path = Path(name).expanduser()
        try:
            # reading a FIFO would block
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        except OSError:
            continue
        aliases |= dict(_parse_aliases(kind, text))
    return aliases


_MUTT = r'^\s*alias\s+(?:-group\s+\S+\s+)*"?([^"\s]+)"?\s+(.*?)(?:\s*#.*)?$'
_ALIAS_LINES = {"mutt": _MUTT, "mailrc": _MUTT, "sendmail": r"^([^#\s:]+)\s*:\s*(.+)$"}
"""The pattern of an alias line for each mail program."""


def _parse_aliases(kind: str, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    joined = re.sub(r"\\\n\s*|\n[ \t]+", " ", text)
    for line in joined.split("\n"):
        if kind in _ALIAS_LINES:
            match = re.match(_ALIAS_LINES[kind], line)
            if match:
                yield (
                    match[1],
                    _split_alias_targets(match[2], space_separated=kind == "mailrc"),
                )
        elif kind == "pine":
            parts = line.split("\t")
            if len(parts) >= 3:
                yield parts[0].strip(), _split_alias_targets(parts[2].strip("() "))
        elif kind == "elm":
            parts = line.split("=")
            if len(parts) >= 3:
                for name in parts[0].split(","):
                    yield name.strip(), _split_alias_targets(parts[-1])


def _split_alias_targets(text: str, *, space_separated: bool = False) -> tuple[str, ...]:
    if space_separated and "<" not in text and "," not in text:
        return tuple(text.replace('"', "").split())
    return tuple(
        target.strip()
        for target in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
        if target.strip()
    )


def expand_aliases(
    text: str, aliases: dict[str, tuple[str, ...]], source: str, depth: int = 0
) -> tuple[Address, ...]:
    """Return the addresses in a word or header value; aliases are resolved up to a depth of 8.

    Raise UsageError for text that is neither an address nor an alias. `source` is the option or
    setting that contains it.
    """
    if depth > 8:
        return ()
    addresses: list[Address] = []
    for part in _split_alias_targets(text):
        if part in aliases:
            addresses += [
                address
                for alias in aliases[part]
                for address in expand_aliases(alias, aliases, source, depth + 1)
            ]
        elif mailboxes := parse_addresses(part):
            addresses += mailboxes
        else:
            raise UsageError(
                f"{source}: unknown address or alias {part!r}",
                hint=did_you_mean(part, aliases, NO_ADDRESS),
            )
    return tuple(addresses)


def _run_command(
    repository: Repository, command: str, mails: Sequence[bytes]
) -> tuple[tuple[Address, ...], str]:
    """Run the user's command on each message.

    Return the printed addresses, and a warning if the command failed.
    """
    addresses: dict[str, Address] = {}
    with TemporaryFolder("mails") as folder:
        for number, mail in enumerate(mails):
            file = folder / f"{number:04d}.patch"
            file.write_bytes(mail)
            try:
                result = run(
                    ["sh", "-c", f'{command} "$@"', "-", str(file)],
                    cwd=repository.top,
                    env=git_environment(parsed=False, repo=repository.top),
                    timeout=TIME_LIMIT,
                )
            except GitError:
                return tuple(addresses.values()), f"{command}: timed out after {TIME_LIMIT:.0f} s"
            if result.code:
                return tuple(addresses.values()), f"{command}: failed with exit code {result.code}"
            for line in result.out.decode("utf-8", "replace").splitlines():
                for address in parse_addresses(line):
                    addresses.setdefault(
                        address.key,
                        Address(re.sub(r"\s*\([^)]*\)$", "", address.name), address.email),
                    )
    return tuple(addresses.values()), ""
