# SPDX-License-Identifier: GPL-2.0-or-later
"""Read messages from files, directories and archives, one at a time."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.local_mails import is_maildir, list_epochs
from patchpilot.commits.git_command import git, stream_output
from patchpilot.commits.objects import CatFile
from patchpilot.commits.range import list_patch_files
from patchpilot.errors import GitError, InputError
from patchpilot.model.bounded_gzip import read_unpacked_blocks
from patchpilot.model.mail import extract_mail, split_mbox

_GIT_MEMORY_LIMITS = {
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "core.packedGitWindowSize",
    "GIT_CONFIG_VALUE_0": "1m",
    "GIT_CONFIG_KEY_1": "core.packedGitLimit",
    "GIT_CONFIG_VALUE_1": "32m",
    "GIT_CONFIG_KEY_2": "core.deltaBaseCacheLimit",
    "GIT_CONFIG_VALUE_2": "8m",
}
"""Otherwise git maps the whole archive into memory, and caches 96 MB of objects that are read only
once.
"""


class StreamedMail(NamedTuple):
    """A message, or the error that prevented reading it.

    `position` consists of the file or archive, a colon, and the offset or commit. `source` is the
    file name if the file contains a single message, and otherwise the same as `position`. If
    `archived` is False, the message is from such a file and should be a patch; archived messages
    may be of any kind.
    """

    position: str
    source: str
    raw: bytes
    archived: bool
    error: str = ""


def stream_mails(targets: Iterable[str]) -> Iterator[StreamedMail]:
    """Yield the messages in each target: a file (a message or an mbox, optionally gzipped), a
    directory of such files, a maildir, a public-inbox or one of its epochs, or `-` for standard
    input.

    Files are read in alphabetical order, and archives from the latest message to the oldest.
    """
    for target in targets:
        path = Path(target)
        if target == "-" or path.is_file():
            yield from _read_file(target)
        elif epochs := list_epochs(path):
            for epoch in reversed(epochs):
                if head := _resolve_commit_id(str(epoch), "HEAD"):
                    yield from stream_range_mails(str(epoch), (head,))
        elif is_maildir(path):
            files = (file for name in ("cur", "new") for file in (path / name).iterdir())
            for file in sorted(files, key=lambda file: file.name):
                for mail in _read_file(str(file)):
                    yield mail._replace(archived=True)
        else:
            for file in list_patch_files(target):
                yield from _read_file(str(file))


def stream_range_mails(epoch: str, revisions: Sequence[str]) -> Iterator[StreamedMail]:
    """Yield the messages that these revisions add to an epoch, latest first.

    A revision is a commit. `^COMMIT` excludes a commit and its ancestors.
    """
    with (
        stream_output(Path(epoch), "rev-list", "--end-of-options", *revisions) as ids,
        CatFile(Path(epoch), _GIT_MEMORY_LIMITS) as objects,
    ):
        for line in ids:
            commit = line.decode().strip()
            position = f"{epoch}:{commit}"
            try:
                content = objects.get(f"{commit}:m")
            except GitError as error:
                yield StreamedMail(position, position, b"", True, error.message)
                continue
            # a commit that deletes a message does not contain the file `m`
            if content and content[1] == "blob":
                yield StreamedMail(position, position, content[2], True)


def resolve_range(epoch: str, revisions: str) -> tuple[str, ...]:
    """Convert a range `A..B` or a commit `B` to revisions for `stream_range_mails`.

    Raise `InputError` if the epoch does not contain such a commit.
    """
    old, _, new = revisions.rpartition("..")
    return (
        _resolve_commit_id(epoch, new),
        *((f"^{_resolve_commit_id(epoch, old)}",) if old else ()),
    )


def list_epoch_commits(epoch: str, step: int) -> Iterator[str]:
    """Yield every n-th commit of an epoch, oldest first, and the latest commit.

    They split the epoch into parts with n messages.
    """
    commit = ""
    if not _resolve_commit_id(epoch, "HEAD"):
        return
    with stream_output(Path(epoch), "rev-list", "--reverse", "HEAD", "--") as ids:
        for number, line in enumerate(ids, 1):
            commit = line.decode().strip()
            if number % step == 0:
                yield commit
                commit = ""
    if commit:
        yield commit


def _resolve_commit_id(epoch: str, revision: str) -> str:
    """Return the id of a commit in an epoch.

    Return "" if HEAD has no commits, as in a public-inbox's search index.
    """
    commit = git(
        Path(epoch),
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{revision}^{{commit}}",
        ok=(0, 1),
    ).text.strip()
    if not commit and revision != "HEAD":
        raise InputError(
            f"{epoch}: no commit {revision}",
            hint="check the path of the epoch, and fetch it again if it is incomplete",
        )
    return commit


def _read_file(path: str) -> Iterator[StreamedMail]:
    """Yield the messages in a file. If reading fails, the last item contains the error instead of a
    message.
    """
    end = 0
    pending_first: StreamedMail | None = None
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as stream:
            for start, raw in split_mbox(read_unpacked_blocks(stream, path)):
                position = f"{path}:{start}"
                end = start + len(raw)
                mail = StreamedMail(position, position, extract_mail(raw, 0, len(raw)), True)
                if not start:
                    # wait for the next message to find out whether the file contains more than one
                    pending_first = mail
                    continue
                if pending_first:
                    yield pending_first
                    pending_first = None
                yield mail
    except (OSError, InputError) as error:
        if pending_first:
            yield pending_first
        reason = (
            error.message
            if isinstance(error, InputError)
            else f"cannot read {path}: {error.strerror or error}"
        )
        yield StreamedMail(f"{path}:{end}", path, b"", True, reason)
        return
    if pending_first or not end:
        yield (pending_first or StreamedMail(f"{path}:0", path, b"", False))._replace(
            source=path, archived=False
        )
