# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads any number of messages from files, directories and archives, one after the other.

Each message has a position from which reading can be resumed.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, NamedTuple
from zlib import crc32

from patchpilot.archive.local_mails import epochs_of, is_maildir
from patchpilot.commits.cat_file import CatFile
from patchpilot.commits.range import patch_files
from patchpilot.commits.run import git, streaming
from patchpilot.errors import GitError, InputError, UsageError
from patchpilot.model.bounded_gzip import MAGIC, text_of
from patchpilot.model.mail import one_mail, split_mbox

_LITTLE_MEMORY = {
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "core.packedGitWindowSize",
    "GIT_CONFIG_VALUE_0": "1m",
    "GIT_CONFIG_KEY_1": "core.packedGitLimit",
    "GIT_CONFIG_VALUE_1": "32m",
    "GIT_CONFIG_KEY_2": "core.deltaBaseCacheLimit",
    "GIT_CONFIG_VALUE_2": "8m",
}
"""Without it git maps the whole archive into its memory by and by, and keeps 96 MB of mails that it
will not be asked for again.
"""


class StreamedMail(NamedTuple):
    """A message, or the `error` for which it could not be read (`raw` is then empty).

    `position` is the file or archive, a colon, and the offset or commit. `source` is the file
    if it contains a single message, and the position otherwise. An `archived` message can be
    of any kind; a single message in a file is expected to be a patch.
    """

    position: str
    source: str
    raw: bytes
    archived: bool
    error: str = ""


class Shard(NamedTuple):
    """One of `total` parts of the messages, with a `number` from 1 to `total`.

    A message always belongs to the same part, which depends on its file name and offset, or
    on its commit.
    """

    number: int = 1
    total: int = 1

    def has(self, position: str) -> bool:
        """Returns whether the message at this position belongs to the shard."""
        return (
            self.total == 1
            or crc32(position.rpartition("/")[2].encode("utf-8", "surrogateescape"))
            % self.total
            == self.number - 1
        )


WHOLE = Shard()


def parse_shard(text: str) -> Shard:
    """Returns the shard for a text of the form "I/N".

    Raises `UsageError` if the text is not a valid shard.
    """
    number, _, count = text.partition("/")
    if not (
        number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)
    ):
        raise UsageError(
            f"--shard {text}: not of the form N/COUNT",
            hint="use N/COUNT, for example --shard 1/4 for the first of four parts",
        )
    return Shard(int(number), int(count))


def stream_mails(
    targets: Iterable[str], resume_at: str | None = None, shard: Shard = WHOLE
) -> Iterator[StreamedMail]:
    """Yields the messages of each target.

    A target is a file (a message or an mbox, optionally gzipped), a directory of such files,
    a maildir, a public-inbox or one of its epochs, or `-`. Files are read in the order of
    their names, archives from the latest message to the oldest. With `resume_at`, reading
    starts at this position. Raises `UsageError` if no target has this position.
    """
    place, _, at = (resume_at or "").rpartition(":")
    for read, path in _places(targets):
        if resume_at is None:
            yield from read(path, "", shard)
        elif path == place:
            resume_at = None
            yield from read(path, at, shard)
    if resume_at is not None:
        raise UsageError(
            f"--resume-at {resume_at}: no such position in the input",
            hint='use a "position" from the earlier output, with the same TARGETs',
        )


def mails_of_range(
    epoch: str, revisions: Sequence[str], shard: Shard = WHOLE
) -> Iterator[StreamedMail]:
    """Yields the messages that the given revisions of an epoch added, latest first.

    The revisions are commits, and `^COMMIT` for commits to exclude.
    """
    with (
        streaming(Path(epoch), "rev-list", "--end-of-options", *revisions) as ids,
        CatFile(Path(epoch), _LITTLE_MEMORY) as objects,
    ):
        for line in ids:
            commit = line.decode().strip()
            position = f"{epoch}:{commit}"
            if not shard.has(position):
                continue
            try:
                found = objects.get(f"{commit}:m")
            except GitError as error:
                yield StreamedMail(position, position, b"", True, error.message)
                continue
            # a commit without it removes a mail
            if found and found[1] == "blob":
                yield StreamedMail(position, position, found[2], True)


def resolved_range(epoch: str, revisions: str) -> tuple[str, ...]:
    """Returns the commits of `A..B` or `B` in the form that `mails_of_range` takes.

    Raises `InputError` if the epoch has no such commit.
    """
    old, _, new = revisions.rpartition("..")
    return (_commit(epoch, new), *((f"^{_commit(epoch, old)}",) if old else ()))


def epoch_commits(epoch: str, step: int) -> Iterator[str]:
    """Yields every `step`-th commit of an epoch, oldest first, and the latest commit.

    The commits divide the epoch's messages into parts.
    """
    commit = ""
    with streaming(Path(epoch), "rev-list", "--reverse", "HEAD") as ids:
        for number, line in enumerate(ids, 1):
            commit = line.decode().strip()
            if number % step == 0:
                yield commit
                commit = ""
    if commit:
        yield commit


def _commit(epoch: str, word: str) -> str:
    """The id of a commit of an epoch.

    "" for the HEAD of one without mails, as that of a public-inbox's search index.
    """
    found = git(
        Path(epoch),
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{word}^{{commit}}",
        ok=(0, 1),
    ).text.strip()
    if not found and word != "HEAD":
        raise InputError(
            f"{epoch}: no commit {word}",
            hint="check the path of the epoch, and fetch it again if it is incomplete",
        )
    return found


_Reader = Callable[[str, str, Shard], Iterator[StreamedMail]]


def _places(targets: Iterable[str]) -> Iterator[tuple[_Reader, str]]:
    """Where the mails of the TARGETs are, each with the function that reads them."""
    for target in targets:
        path = Path(target)
        if target == "-" or path.is_file():
            yield _of_file, target
        elif epochs := epochs_of(path):
            yield from ((_of_epoch, str(epoch)) for epoch in reversed(epochs))
        elif is_maildir(path):
            files = sorted(
                (
                    file
                    for folder in ("cur", "new")
                    for file in (path / folder).iterdir()
                ),
                key=lambda file: file.name,
            )
            yield from ((_of_maildir, str(file)) for file in files)
        else:
            yield from ((_of_file, str(file)) for file in patch_files(target))


def _of_epoch(path: str, at: str, shard: Shard) -> Iterator[StreamedMail]:
    if start := _commit(path, at or "HEAD"):
        yield from mails_of_range(path, (start,), shard)


def _of_maildir(path: str, at: str, shard: Shard) -> Iterator[StreamedMail]:
    return (mail._replace(archived=True) for mail in _of_file(path, at, shard))


def _of_file(path: str, at: str, shard: Shard) -> Iterator[StreamedMail]:
    return (mail for mail in _file_mails(path, at) if shard.has(mail.position))


def _file_mails(path: str, at: str) -> Iterator[StreamedMail]:
    """The mails of one file; where it cannot be read on, the reason as the last one."""
    if at and not at.isdigit():
        raise UsageError(
            f"--resume-at {path}:{at}: not an offset in a file",
            hint='use a "position" from the earlier output',
        )
    end = int(at or 0)
    first: StreamedMail | None = None
    try:
        with (
            nullcontext(sys.stdin.buffer)
            if path == "-"
            else Path(path).open("rb") as stream
        ):
            for start, raw in split_mbox(_text(stream, path, end), end):
                position = f"{path}:{start}"
                end = start + len(raw)
                if start == int(at or 0) > 0 and not raw.startswith(b"From "):
                    raise UsageError(
                        f"--resume-at {path}:{at}: no mail starts at this offset",
                        hint='use a "position" from the earlier output',
                    )
                mail = StreamedMail(
                    position, position, one_mail(raw, 0, len(raw)), True
                )
                if not start:
                    # whether it is the only one shows when there is another
                    first = mail
                    continue
                if first:
                    yield first
                    first = None
                yield mail
    except (OSError, InputError) as error:
        if first:
            yield first
        reason = (
            error.message
            if isinstance(error, InputError)
            else f"cannot read {path}: {error.strerror or error}"
        )
        yield StreamedMail(f"{path}:{end}", path, b"", True, reason)
        return
    if first or not end:
        yield (first or StreamedMail(f"{path}:0", path, b"", False))._replace(
            source=path, archived=False
        )


def _text(stream: IO[bytes], path: str, at: int) -> Iterator[bytes]:
    """The text of a file from an offset on in blocks, decompressed where it is gzip."""
    if at and stream.seekable():
        is_packed = stream.read(len(MAGIC)) == MAGIC
        stream.seek(0 if is_packed else at)
        at = at if is_packed else 0
    for block in text_of(stream, path):
        yield block[at:]
        at = max(0, at - len(block))
