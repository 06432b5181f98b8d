# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `hooks`: git's commit-msg and sendemail-validate hooks and b4's per-patch check, installed and removed."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.b4_prep import is_cover_message
from patchpilot.commits.hook_scripts import B4_CALL, B4_KEY, b4_command, hook_script
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, RefusedError, UsageError, unknown

GIT_HOOKS = ("commit-msg", "sendemail-validate")
HOOKS = (*GIT_HOOKS, "b4")
SCISSORS = "------------------------ >8 ------------------------"
SUBJECT = "Subject: [PATCH] "
_PYTHON = re.compile(r"(?m)^python=.*$")


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook: its name, where it is, and whether it is "installed" (ours), "foreign" (somebody else's) or "absent"."""

    name: str
    place: str
    state: str


def status(repository: Repository) -> tuple[Hook, ...]:
    """The state of each hook."""
    return tuple(_status(repository, name) for name in HOOKS)


def install(repository: Repository, names: Sequence[str]) -> tuple[Hook, ...]:
    """Install these hooks (none: all). RefusedError where a hook of somebody else is installed: it is never overwritten.

    b4 runs each value of its setting, so that ours is added to those of the user.
    """
    chosen = _chosen(names)
    for name in chosen:
        known = _status(repository, name)
        if known.state == "foreign":
            raise RefusedError(
                f"another {name} hook is installed: {known.place}", hint=f'add to it: patchpilot hooks run {name} "$@" || exit 1'
            )
    for name in chosen:
        if name == "b4":
            _remove_from_b4(repository)
            repository.git("config", "--local", "--add", B4_KEY, b4_command())
            continue
        place = _folder(repository) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(hook_script(name), encoding="utf-8")
        place.chmod(0o755)
    return status(repository)


def remove(repository: Repository, names: Sequence[str]) -> tuple[Hook, ...]:
    """Remove these hooks (none: all); those of others stay."""
    for name in _chosen(names):
        if _status(repository, name).state != "installed":
            continue
        if name == "b4":
            _remove_from_b4(repository)
        else:
            (_folder(repository) / name).unlink()
    return status(repository)


class MessageMail(NamedTuple):
    """What is about to be committed as a patch mail, the revision it is based on, and the line of the message (from 0) of each line of the mail (from 1)."""

    content: bytes
    base: str
    lines: Mapping[int, int]


def mail_for_commit_message(repository: Repository, file: Path) -> tuple[bytes, str]:
    """What is about to be committed, as a patch mail of the message in `file` and the staged changes, and the revision they are based on."""
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    return mail_of_message(repository, text)[:2]


def mail_of_message(repository: Repository, text: str) -> MessageMail:
    """What is about to be committed, as a patch mail of this message, as an editor has it, and the staged changes."""
    comment = (repository.config("core.commentChar") or ("#",))[-1]
    comment = comment if len(comment) == 1 else "#"
    every = text.split("\n")
    # git commit --verbose shows the diff below this line
    end = next((number for number, line in enumerate(every) if line.startswith(f"{comment} {SCISSORS}")), len(every))
    kept = [(number, line) for number, line in enumerate(every[:end]) if not line.startswith(comment)]
    while kept and not kept[0][1]:
        del kept[0]
    (first, subject), *body = kept or [(0, "")]
    while body and not body[0][1].strip():
        del body[0]
    while body and not body[-1][1].strip():
        del body[-1]
    author = repository.git("var", "GIT_AUTHOR_IDENT", ok=(0, 128)).text.rpartition(">")[0] + ">"
    # `git commit -a` hands hooks an index of its own; an amended message alone has the last commit's diff
    index = {"GIT_INDEX_FILE": os.path.abspath(os.environ["GIT_INDEX_FILE"])} if "GIT_INDEX_FILE" in os.environ else None  # noqa: PTH100
    base = "HEAD"
    diff = repository.git("diff", "--cached", "--stat", "-p", "-M", env=index).text
    if not diff and repository.find("HEAD^"):
        base = "HEAD^"
        diff = repository.git("diff", "--cached", "--stat", "-p", "-M", base, env=index).text
    message = "\n".join(line for _, line in body)
    mail = f"From: {author}\n{SUBJECT}{subject}\n\n{message}\n---\n{diff}"
    lines = {2: first} | {4 + at: number for at, (number, _) in enumerate(body)}
    return MessageMail(mail.encode("utf-8", "surrogateescape"), base, lines)


def is_no_patch(file: Path) -> bool:
    """Whether a commit message is of a kind that is not sent as a patch: a fixup, a merge, work in progress, b4's cover letter."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace").lstrip()
    except OSError:
        return False
    return bool(re.match(r"(?:fixup|squash|amend)! |Merge |WIP\b", text)) or is_cover_message(text)


def sent_by_us() -> bool:
    """Whether git send-email runs for patchpilot, which has checked already."""
    return os.environ.get("PATCHPILOT_SENDING") == "1"


def _chosen(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in HOOKS:
            raise unknown("hook", name, HOOKS)
    return tuple(names) or HOOKS


def _status(repository: Repository, name: str) -> Hook:
    if name == "b4":
        return Hook(name, f"git config {B4_KEY}", "installed" if _b4_values(repository) else "absent")
    place = _folder(repository) / name
    if not place.exists():
        return Hook(name, str(place), "absent")
    text = place.read_text(encoding="utf-8", errors="replace")
    ours = _PYTHON.sub("", text) == _PYTHON.sub("", hook_script(name))
    return Hook(name, str(place), "installed" if ours else "foreign")


def _b4_values(repository: Repository) -> list[str]:
    """The values of b4's setting in the repository's own configuration that `install` has written."""
    done = repository.git("config", "--local", "--get-all", "-z", B4_KEY, ok=(0, 1))
    return [value for value in done.text.split("\0") if value.startswith(B4_CALL)]


def _remove_from_b4(repository: Repository) -> None:
    for value in _b4_values(repository):
        repository.git("config", "--local", "--fixed-value", "--unset-all", B4_KEY, value)


def _folder(repository: Repository) -> Path:
    # run.py pins core.hooksPath away for our own git calls: asking git for --git-path would name the pin
    values = [folder for folder in repository.config_regexp(r"^core\.hookspath$").get("core.hookspath", ()) if folder != "/dev/null"]
    if values:
        place = Path(values[-1]).expanduser()
        if repository.bare and not place.is_absolute():
            raise UsageError("core.hooksPath is relative, and the repository is bare", hint="make it absolute")
        return place if place.is_absolute() else repository.top / place
    return repository.common_dir / "hooks"
