# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the recipients that the user's configuration adds.

They come from `sendemail.to/cc/bcc/tocmd/cccmd/headercmd/suppresscc`, `format.to/cc/headers`,
aliases, and b4's settings for the recipients of series. The plan shows these recipients to the
user. The settings are disabled when messages are delivered.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError, RefusedError, UsageError, did_you_mean
from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.draft import TO_COVER, Draft
from patchpilot.model.patch import Series
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.outgoing.compose_mails import encode_patches
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
_KINDS = frozenset(("all", "author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd", "body"))
"""The values of `sendemail.suppresscc`."""


def choose_to_cover(draft: Draft, account: Account) -> str:
    """Return "all" if all messages go to all recipients, "own" if not, or "" if it is not known.

    The answer of the topic takes precedence over `sendemail.toCover` and `sendemail.ccCover`.
    """
    is_configured = account.flag("tocover") or account.flag("cccover")
    return draft.answers.get(TO_COVER, "all" if is_configured else "")


class CommandFile(NamedTuple):
    """A patch or cover letter as a file for toCmd, ccCmd and headerCmd.

    `name` is the name that git format-patch gives it, and `number` is 0 for the cover letter.
    """

    number: int
    name: str
    content: bytes


def list_command_files(
    series: Series, draft: Draft, *, requested_cover: bool
) -> tuple[CommandFile, ...]:
    """Return the files of a series for the user's commands, the cover letter first."""
    files = []
    if series.cover or draft.sends_cover(requested=requested_cover):
        (content,) = (
            encode_patches((series.cover,))
            if series.cover
            else (f"Subject: [PATCH 0/N] {draft.cover_subject}\n\n{draft.cover_text}\n".encode(),)
        )
        files.append(CommandFile(0, "0000-cover-letter.patch", content))
    contents = encode_patches(series.patches)
    for number, (patch, content) in enumerate(zip(series.patches, contents, strict=True), 1):
        name = PurePath(patch.source).name if not patch.commit else ""
        if not re.fullmatch(r"[\w.-]+", name):
            name = format_patch_name(number, patch.subject.title)
        files.append(CommandFile(number, name, content))
    version = f"v{draft.version}-" if draft.version > 1 else ""
    return tuple(
        file._replace(name=f"{version}{file.name}") if file.name[:4].isdigit() else file
        for file in files
    )


NAME_LENGTH = 64
"""git's default for `format.filenameMaxLength`."""


def format_patch_name(number: int, title: str) -> str:
    """Return the name that `git format-patch` gives to a patch, without `v2-`."""
    slug = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._]+", "-", title)).strip("-").rstrip(".-")
    suffix = ".patch"
    return f"{number:04d}-{slug}"[: NAME_LENGTH - len(suffix) - 1] + suffix


def find_configured_recipients(
    repository: Repository,
    account: Account,
    transport: Transport,
    files: Sequence[CommandFile],
) -> RecipientPlan:
    """Return the recipients from the configuration.

    toCmd, ccCmd and headerCmd are run on `files`; their addresses receive only the message of that
    file. Raise RefusedError if a command fails.
    """
    aliases = read_aliases(repository)
    recipients: list[Recipient] = []
    suppressed = list_suppressed_kinds(account)
    for header, name, value in _recipient_settings(repository, account, transport):
        if name.endswith("Cmd"):
            if header == "cc" and "cccmd" in suppressed:
                continue
            recipients += _run_for_recipients(repository, account, value, (header, name), files)
            continue
        if header == "cc" and name.startswith("format.") and "cc" in suppressed:
            continue
        recipients += [
            Recipient(address, "configured", None, header, (name,))
            for address in expand_aliases(value, aliases, name)
        ]
    for file in files:
        recipients += [
            Recipient(address, "configured", None, name.lower(), (HEADER_COMMAND,))._replace(
                patches=(file.number,) if len(files) > 1 else ()
            )
            for name, value in run_header_command(repository, account, file)
            if name.lower() in ("to", "cc")
            for address in expand_aliases(value, aliases, HEADER_COMMAND)
        ]
    return RecipientPlan(tuple(recipients))


HEADER_COMMAND = "sendemail.headerCmd"


def run_header_command(
    repository: Repository, account: Account, file: CommandFile
) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the headers that `sendemail.headerCmd` prints for a file."""
    command = account.value("headercmd")
    if not command:
        return
    text = re.sub(r"\n[ \t]+", " ", run_for_file(repository, command, HEADER_COMMAND, file))
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and (not colon or not re.fullmatch(r"[!-9;-~]+", name)):
            raise RefusedError(
                f"{HEADER_COMMAND}: not a header: {line!r}", hint=f"run `{command} FILE`"
            )
        if line.strip():
            yield name, value.strip()


def _run_for_recipients(
    repository: Repository,
    account: Account,
    command: str,
    setting: tuple[str, str],
    files: Sequence[CommandFile],
) -> Iterator[Recipient]:
    """Yield the recipients that a command prints for each file, restricted to its message."""
    header, name = setting
    numbers: dict[Address, list[int]] = {}
    for file in files:
        for line in run_for_file(repository, command, name, file).splitlines():
            for address in parse_addresses(line):
                cleaned = Address(re.sub(r"\s*\([^)]*\)$", "", address.name), address.email)
                if address != account.sender and file.number not in numbers.setdefault(cleaned, []):
                    numbers[cleaned].append(file.number)
    for address, of_files in numbers.items():
        patches = () if len(of_files) == len(files) else tuple(of_files)
        yield Recipient(address, "configured", None, header, (name,), patches=patches)


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
    if unknown := kinds - _KINDS:
        raise UsageError(
            f"sendemail.suppresscc: unknown value {min(unknown)!r}",
            hint=f"valid values: {', '.join(sorted(_KINDS))}",
        )
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

    The formats are the same as in git send-email: mutt, mailrc, pine, elm, sendmail and gnus. Raise
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


_ALIAS_LINES = {
    "mutt": r"^\s*alias\s+(?:-group\s+\S+\s+)*\"?([^\"\s]+)\"?\s+([^#]*)",
    "mailrc": r"^alias\s+(\S+)\s+(.*?)\s*$",
    "pine": r"^(\S+)\t[^\t]*\t\(?([^\t]+?)\)?(?::?\t[^\t]*){0,2}$",
    "elm": r"^(\S+)\s+=\s+[^=]+=\s(\S+)",
    "sendmail": r"^([^#\s\"][^\"/|]*?)\s*:\s*(?!:include:)([^\"/|]+)$",
    "gnus": r'\(define-mail-alias\s+"(\S+?)"\s+"(\S+?)"\)',
}
"""The pattern of an alias line in the file of each mail program, as in git send-email."""
_CONTINUED = {"pine": r"\n +", "sendmail": r"\\\n\s*|\n[ \t]+", "mutt": r"\\\n\s*"}


def _parse_aliases(kind: str, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if kind not in _ALIAS_LINES:
        return
    joined = re.sub(_CONTINUED[kind], " ", text) if kind in _CONTINUED else text
    for line in joined.split("\n"):
        if match := re.search(_ALIAS_LINES[kind], line):
            split = _split_words if kind == "mailrc" else _split_alias_targets
            yield match[1], split(match[2].replace('\\"', '"') if kind == "mutt" else match[2])


def _split_words(text: str) -> tuple[str, ...]:
    """Split at spaces outside of quotes, and remove the quotes.

    This includes several addresses without names in one pair of quotes.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return tuple(part for word in words for part in ([word] if "<" in word else word.split()))


def _split_alias_targets(text: str) -> tuple[str, ...]:
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


_outputs: dict[tuple[Path, str, CommandFile], str] = {}
"""The output of the user's commands in this process, so that they run once for each message."""


def run_for_file(repository: Repository, command: str, setting: str, file: CommandFile) -> str:
    """Return what the user's command prints for a file.

    It is run once for each file and process. Raise RefusedError if it fails.
    """
    key = (repository.top, command, file)
    if key not in _outputs:
        _outputs[key] = _run_command(repository, command, setting, file)
    return _outputs[key]


def _run_command(repository: Repository, command: str, setting: str, file: CommandFile) -> str:
    reason = ""
    with TemporaryFolder("mails") as folder:
        path = folder / file.name
        path.write_bytes(file.content)
        try:
            result = run(
                ["sh", "-c", f'{command} "$@"', "-", str(path)],
                cwd=repository.top,
                env=git_environment(parsed=False, repo=repository.top),
                timeout=TIME_LIMIT,
            )
        except GitError:
            reason = f"timed out after {TIME_LIMIT:.0f} s"
        else:
            reason = f"failed with exit code {result.code}" if result.code else ""
    if reason:
        raise RefusedError(
            f"{setting}: `{command} {file.name}` {reason}; nothing was sent",
            hint="fix the command, or use --no-auto, --to and --cc",
        )
    return result.out.decode("utf-8", "replace")
