# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert TARGET arguments to series of patch messages.

A TARGET is a commit, a range, a patch file, a directory, an mbox or standard input.
"""

import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import (
    InputError,
    MissingError,
    NoPatchError,
    UsageError,
    did_you_mean,
)
from patchpilot.model.action import Action, Hint, join_hints
from patchpilot.model.bounded import MAX_INPUT
from patchpilot.model.mail import (
    extract_mail,
    find_mail_bounds,
    parse_patch,
    split_digest,
)
from patchpilot.model.patch import Patch, Series

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

NAME_TARGET = Action("", ("TARGET",), "name a commit or a range A..B")
"""The hint for a missing TARGET."""
MAX_COMMITS = 1000
_NUMBERED = lazy_pattern(r"(?P<version>(?:v\d+-)?)(?P<number>\d{4})-.*\.(?:patch|eml)")


class NoCommitsError(UsageError):
    """Raised if a range or topic contains no patches."""


class EmptyCommitError(UsageError):
    """Raised for a commit that changes no file."""


class Omitted(NamedTuple):
    """The commits of a range that are not read: the ancestors of `upstream` commits that a merge
    brings, and all ancestors of `excluded` commits.
    """

    upstream: Sequence[str] = ()
    excluded: Sequence[str] = ()


FromArchive = Callable[[str], Series]
"""Reads the series with an archive URL or Message-ID; a parameter, because this package must not
use the network.
"""
Skipped = Callable[[str], None]
"""A callback that takes the reason for skipping a file."""


ChooseMails = Callable[[Sequence[bytes]], Collection[int]]
"""A function that selects messages of a mailbox by position."""


def is_network_target(target: str) -> bool:
    """Return whether a TARGET is a Message-ID or archive URL, which requires network access."""
    return target.startswith(("http://", "https://")) or (
        target.startswith("<") and target.endswith(">")
    )


def is_mail_source(target: str) -> bool:
    """Return whether a TARGET looks like a source of messages rather than a revision.

    Such sources are standard input, files, and messages in a mail archive.
    """
    return target == "-" or is_network_target(target) or looks_like_file(target)


def is_existing_file(target: str) -> bool:
    """Return whether a TARGET is an existing file or directory.

    In a bare repository, HEAD is a commit and not the file.
    """
    if target.endswith("HEAD") and Path("objects").is_dir() and Path("refs").is_dir():
        return False
    return bool(target) and Path(target).exists()


def looks_like_file(target: str) -> bool:
    """Return whether a TARGET looks like the name of a file, for example because of "./" or
    ".patch".
    """
    return target.endswith((".patch", ".diff", ".mbox", ".eml", ".gz")) or target.startswith(
        ("/", "./", "../", "~")
    )


def refuse_missing_files(targets: Sequence[str]) -> None:
    """Raise `InputError` if a TARGET looks like the name of a file that does not exist.

    Use this only if there is no repository, because otherwise a TARGET can be a commit.
    """
    for target in targets:
        if looks_like_file(target) and not Path(target).exists():
            raise _missing_file_error(
                target, Action("", ("-C", "DIR"), "name a repository with {}")
            )


def _missing_file_error(target: str, hint: Action | str) -> InputError:
    """Return the error for a missing file; suggest the most similar file in the same directory."""
    folder = Path(target).parent
    files = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    fallback = join_hints("check the path, or ", hint)
    return InputError(
        f"{target}: no such file",
        hint=did_you_mean(Path(target).name, files, fallback),
    )


def read_targets(
    targets: Sequence[str],
    repository: "Repository | None",
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
    skipped: Skipped | None = None,
    choose_mails: ChooseMails | None = None,
    omitted: Omitted | None = None,
) -> tuple[Series, ...]:
    """Return the series that the TARGETs name, in order.

    A file takes precedence over a revision with the same name. `stdin` is the content for `-` if it
    was already read. If a file in a directory is not a patch, it is passed to `skipped`; without
    this callback, it causes an error. `choose_mails` selects the messages in a mailbox. If
    `omitted` is given, the series contain what merges change; see `read_revision_series`. Errors
    contain the name of the file or TARGET.
    """
    series: list[Series] = []
    patches: list[Patch] = []
    for target in targets:
        if target == "-":
            patches += parse_patches(
                sys.stdin.buffer.read(MAX_INPUT + 1) if stdin is None else stdin,
                "-",
                skipped,
                choose_mails,
            )
        elif is_existing_file(target):
            patches += _read_patches(target, skipped, choose_mails)
        elif is_network_target(target):
            if from_archive is None:
                raise UsageError(
                    f"{target}: this command cannot read mail archives",
                    hint=f"run `b4 am {target}` first",
                )
            series.append(from_archive(target))
        elif repository is None:
            raise _missing_file_error(
                target, Action("", ("-C", "DIR"), "name a repository with {}")
            )
        elif looks_like_file(target) and not repository.find(target):
            raise _missing_file_error(target, NAME_TARGET)
        else:
            series.append(read_revision_series(repository, target, omitted, skipped))
    return (*series, *group_into_series(patches))


def _read_patches(
    target: str, skipped: Skipped | None, choose_mails: ChooseMails | None
) -> list[Patch]:
    """Return the patches in a file or directory; raise InputError if a directory has none."""
    patches: list[Patch] = []
    for file in list_patch_files(target):
        try:
            patches += read_patch_file(file, skipped, choose_mails)
        except NoPatchError as error:
            if skipped is None or not Path(target).is_dir():
                raise
            skipped(error.message)
    if not patches and Path(target).is_dir():
        raise InputError(
            f"{target}: no patches in this directory",
            hint="run `git format-patch -o DIR A..B` to create patches",
        )
    return patches


def list_patch_files(target: str) -> tuple[Path, ...]:
    """Return the patch files in a file or directory argument.

    Raise `InputError` if the directory contains none.
    """
    if not Path(target).is_dir():
        return (Path(target),)
    files = tuple(file for file in sorted(Path(target).iterdir()) if _is_patch_file(file))
    if not files:
        raise InputError(
            f"{target}: no patches in this directory",
            hint="patch file names must end in .patch, .diff, .eml or .mbox",
        )
    return files


def _is_patch_file(file: Path) -> bool:
    return (
        file.suffix in (".patch", ".eml", ".mbox", ".diff")
        and not file.name.startswith(".")
        and not file.is_dir()
    )


def find_head_commit(repository: "Repository") -> str:
    """Return the commit id of HEAD.

    Raise `MissingError` if there are no commits yet.
    """
    head = repository.find("HEAD")
    if head is None:
        name = f"the branch {repository.branch}" if repository.branch else "HEAD"
        raise MissingError(
            f"{name} has no commits yet",
            hint=Hint(("commit your fix first, or ", NAME_TARGET)),
        )
    return head


def list_range_commits(
    repository: "Repository", start: str, end: str, known: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the commits in `start..end`, oldest first, without merges and b4's cover commit.

    Commits that are ancestors of `known` commits are omitted. Raise `NoCommitsError` if there are
    none, and `UsageError` if there are too many.
    """
    from patchpilot.commits.b4_prep import drop_cover_commits

    ids = repository.rev_list(
        "--reverse",
        "--topo-order",
        "--no-merges",
        f"--max-count={MAX_COMMITS + 1}",
        f"{start}..{end}",
        *(f"^{commit_id}" for commit_id in known),
    )
    if not ids:
        raise NoCommitsError(
            f"no commits in {start[:12]}..{end[:12]}",
            hint="A..B means the commits of B that are not in A",
        )
    if len(ids) > MAX_COMMITS:
        raise UsageError(
            f"more than {MAX_COMMITS} commits in {start[:12]}..{end[:12]}",
            hint="pass a shorter range A..B",
        )
    patches = drop_cover_commits(repository, ids)
    if not patches:
        raise only_cover_error(ids[-1])
    return patches


def only_cover_error(commit_id: str) -> UsageError:
    """Return the error for a topic that contains only b4's cover letter."""
    return NoCommitsError(
        f"no patches: {commit_id[:12]} is b4's cover letter",
        hint=Hint(("commit your fix on this branch first, or ", NAME_TARGET)),
    )


def resolve_commits(repository: "Repository", target: str) -> tuple[str, ...]:
    """Return the commits named by a commit-ish or range, oldest first."""
    if is_mail_source(target) and not repository.find(target):
        if looks_like_file(target) and not Path(target).exists():
            raise _missing_file_error(target, NAME_TARGET)
        raise UsageError(
            f"{target}: a commit is required, not a file",
            hint="run `git am FILE`, then name the commit",
        )
    if ".." in target:
        return _resolve_range(repository, target)[1]
    return (resolve_patch(repository, target),)


def find_latest_patch_commit(repository: "Repository") -> str:
    """Return the latest patch on the checked-out branch.

    This is HEAD, or its parent if HEAD contains b4's cover letter.
    """
    from patchpilot.commits.b4_prep import skip_cover_commit

    return skip_cover_commit(repository, find_head_commit(repository))


def resolve_patch(repository: "Repository", revision: str) -> str:
    """Return the full id of a commit that the user names.

    Raise `UsageError` if the commit contains b4's cover letter.
    """
    from patchpilot.commits.b4_prep import is_cover_commit

    result = repository.resolve(revision)
    if is_cover_commit(repository.commit(result)):
        raise UsageError(
            f"{revision} is b4's cover letter, not a patch ({result[:12]})",
            hint=(
                "omit TARGET for all patches of the branch, or name one of them (see git log"
                " --oneline)"
            ),
        )
    return result


def _resolve_range(repository: "Repository", target: str) -> tuple[str, tuple[str, ...]]:
    from patchpilot.commits.b4_prep import skip_cover_commit

    start, end = resolve_ends(repository, target)
    if not repository.rev_list("--no-merges", "--max-count=1", f"{start}..{end}"):
        raise NoCommitsError(
            f"{target}: no commits in this range",
            hint="A..B means the commits of B that are not in A",
        )
    return skip_cover_commit(repository, start), list_range_commits(repository, start, end)


def resolve_ends(repository: "Repository", target: str) -> tuple[str, str]:
    """Return the ids of the commits A and B of a range `A..B`."""
    if "..." in target:
        raise UsageError(
            f"{target}: a range needs two dots, not three",
            hint=f"use {target.replace('...', '..')}",
        )
    old, _, new = target.partition("..")
    return repository.resolve(old or "HEAD"), repository.resolve(new or "HEAD")


def read_revision_series(
    repository: "Repository",
    target: str,
    omitted: Omitted | None = None,
    skipped: Skipped | None = None,
) -> Series:
    """Return the series named by a commit-ish or a range `A..B`.

    If `omitted` is given, also read what merges change themselves, and omit these commits of a
    range. Empty commits, and a range whose commits are all in its start, are then passed to
    `skipped`; without this callback, they cause an error.
    """
    if omitted is not None:
        return _read_with_merges(repository, target, omitted, skipped)
    if ".." in target:
        start, ids = _resolve_range(repository, target)
        return read_commits_series(repository, ids, start)
    return read_commits_series(repository, (resolve_patch(repository, target),), None)


def _read_with_merges(
    repository: "Repository",
    target: str,
    omitted: Omitted,
    skipped: Skipped | None,
) -> Series:
    if ".." in target:
        start, end = resolve_ends(repository, target)
        if skipped and repository.is_ancestor(end, start):
            skipped(describe_contained_range(target))
            return Series(())
        without = [f"^{commit_id}" for commit_id in omitted.excluded]
        if skipped and not repository.rev_list("--max-count=1", f"{start}..{end}", *without):
            skipped(f"{target}: no commits, because excluded ones contain them all")
            return Series(())
        known, merges = read_merges(repository, start, end, *omitted)
        try:
            if known:
                from patchpilot.commits.b4_prep import skip_cover_commit

                ids = list_range_commits(repository, start, end, known)
                start = skip_cover_commit(repository, start)
            else:
                start, ids = _resolve_range(repository, target)
        except NoCommitsError:
            if not merges:
                raise
            ids = ()
        series = read_commits_series(repository, ids, start, skipped)
        return series._replace(merges=merges, tip=end)
    commit_id = repository.resolve(target)
    if len(repository.commit(commit_id).parents) > 1:
        from patchpilot.commits.merge_changes import read_merge_patch

        if merge := read_merge_patch(repository, commit_id):
            return Series((), merges=(merge,))
    ids = (resolve_patch(repository, target),)
    return read_commits_series(repository, ids, None, skipped)


def describe_contained_range(target: str) -> str:
    """Describe a range whose commits are all in its start, as after a merge."""
    start, _, end = target.partition("..")
    return f"{target}: no commits, because {start or 'HEAD'} contains {end or 'HEAD'}"


def read_merges(
    repository: "Repository",
    start: str,
    end: str,
    upstream: Sequence[str],
    excluded: Sequence[str] = (),
) -> tuple[tuple[str, ...], tuple[Patch, ...]]:
    """Return what the merges in `start..end` took from upstream, and what they change themselves.

    The first value contains the merged commits that are ancestors of `upstream` commits, and the
    `excluded` ones; the second one a patch for each merge that is not the one that git makes. Raise
    `UsageError` if there are too many merges.
    """
    ids = repository.rev_list(
        *("--reverse", "--topo-order", "--merges"),
        f"--max-count={MAX_COMMITS + 1}",
        f"{start}..{end}",
    )
    if not ids:
        return tuple(excluded), ()
    parents = dict.fromkeys(
        parent for commit in repository.commits(ids) for parent in commit.parents
    )
    known = tuple(
        parent
        for parent in parents
        if any(repository.is_ancestor(parent, tip) for tip in upstream)
        and not repository.is_ancestor(end, parent)
    )
    known = (*known, *excluded)
    if known:
        without = (f"^{commit_id}" for commit_id in known)
        own = set(repository.rev_list("--merges", f"{start}..{end}", *without))
        ids = tuple(commit_id for commit_id in ids if commit_id in own)
    if len(ids) > MAX_COMMITS:
        raise UsageError(
            f"more than {MAX_COMMITS} merges in {start[:12]}..{end[:12]}",
            hint="pass a shorter range A..B",
        )
    from patchpilot.commits.merge_changes import read_merge_patch

    patches = (read_merge_patch(repository, commit_id) for commit_id in ids)
    return known, tuple(patch for patch in patches if patch)


def read_commits_series(
    repository: "Repository",
    ids: Sequence[str],
    base: str | None,
    skipped: Skipped | None = None,
) -> Series:
    """Return these commits, in order, as a series of patches formatted by git.

    Empty commits are passed to `skipped`; without this callback, they cause an error.
    """
    if patches := _read_linear_history(repository, ids):
        return Series(patches, None, base)
    formatted = []
    for commit_id in ids:
        try:
            formatted.append(format_commit_patch(repository, commit_id))
        except EmptyCommitError as error:
            if skipped is None:
                raise
            skipped(error.message)
    return Series(tuple(formatted), None, base)


def _read_linear_history(repository: "Repository", ids: Sequence[str]) -> tuple[Patch, ...]:
    """Format the commits of a linear history by running git once.

    Return () for other histories.
    """
    if len(ids) < 2 or repository.is_shallow():
        return ()
    parents = [repository.commit(id_).parents for id_ in ids]
    if len(parents[0]) != 1 or any(
        commit_parents != (previous,)
        for commit_parents, previous in zip(parents[1:], ids, strict=False)
    ):
        return ()
    output = repository.git(*_FORMAT_PATCH, f"{parents[0][0]}..{ids[-1]}").out
    parts = _FORMATTED.split(output)
    # format the commits one by one if a commit is empty and has no patch, or if a message contains
    # a separator line
    if parts[1::2] != [id_.encode() for id_ in ids] or not all(map(_has_diff, parts[2::2])):
        return ()
    # git separates patches with a blank line
    parts[2:-1:2] = [part.removesuffix(b"\n") for part in parts[2:-1:2]]
    mails = (b"From %b%b" % (id_, part) for id_, part in zip(parts[1::2], parts[2::2], strict=True))
    patches = (parse_patch(data, id_[:12], id_) for data, id_ in zip(mails, ids, strict=True))
    return tuple(_complete_patch(repository, patch) for patch in patches)


def _has_diff(formatted: bytes) -> bool:
    """Return whether the output of `git format-patch` has a diff.

    For an empty commit, git 2.55 prints the message, and earlier versions nothing.
    """
    return b"\ndiff --git " in formatted


_FORMATTED = lazy_pattern(rb"^From ([0-9a-f]{40})(?= Mon Sep 17 00:00:00 2001$)", re.MULTILINE)
_FORMAT_PATCH = (
    "format-patch",
    "--stdout",
    *("--no-cover-letter", "--no-numbered", "-M", "--no-signature", "--no-attach"),
    # do not add the recipients in the user's settings format.to and format.headers
    *("--no-to", "--no-cc", "--no-add-header"),
)


def format_commit_patch(repository: "Repository", commit_id: str) -> Patch:
    """Format a commit as a patch with `git format-patch --stdout`."""
    parents = repository.commit(commit_id).parents
    if parents and repository.is_shallow() and repository.objects.get(parents[0]) is None:
        # without this option, git would show the whole tree as added
        raise MissingError(
            f"the parent of {commit_id[:12]} is missing: the clone is shallow",
            hint=repository.complete_history_hint(),
        )
    if len(parents) > 1:
        # if the commit is a merge, git would instead format the latest earlier commit that is not a
        # merge
        raise UsageError(
            f"{commit_id[:12]} is a merge commit, which has no patch",
            hint="pass the commit that makes the change, or a range A..B",
        )
    result = repository.git(*_FORMAT_PATCH, "-1", commit_id)
    if not _has_diff(result.out):
        raise EmptyCommitError(
            f"{commit_id[:12]} is an empty commit, which has no patch",
            hint="pass a commit that changes files",
        )
    return _complete_patch(repository, parse_patch(result.out, commit_id[:12], commit_id))


def _complete_patch(repository: "Repository", patch: Patch) -> Patch:
    """Return a commit's patch with what `git format-patch` does not show."""
    message = repository.commit(patch.commit or "").message.strip("\n")
    title_lines = message.partition("\n\n")[0].count("\n") + 1
    return _show_renamed_code(repository, patch)._replace(title_lines=title_lines)


def _show_renamed_code(repository: "Repository", patch: Patch) -> Patch:
    """Return a commit's patch without renames if a renamed file contains unchanged code or links
    that are read for the first time.

    A text file that becomes a C file, for example, was never checked.
    """
    if not any(line.startswith("rename to ") for line in patch.lines):
        return patch
    renamed = [change for change in patch.files if change.is_rename]
    commit = patch.commit or ""
    if any(change.is_renamed_to_code for change in renamed) or _has_links(
        repository, commit, [change.path for change in renamed if not change.hunks]
    ):
        result = repository.git(*_FORMAT_PATCH, "--no-renames", "-1", commit)
        return parse_patch(result.out, commit[:12], commit)
    return patch


def _has_links(repository: "Repository", commit: str, paths: Sequence[str]) -> bool:
    """Return whether any of these files of a commit is a symbolic link."""
    if not paths:
        return False
    tree = repository.git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths).text
    return any(entry.startswith("120000 ") for entry in tree.split("\0"))


def read_patch_file(
    file: Path, skipped: Skipped | None = None, choose_mails: ChooseMails | None = None
) -> list[Patch]:
    """Return the patches in a file, which is a patch or an mbox, optionally gzipped."""
    return parse_patches(read_input_bytes(file), str(file), skipped, choose_mails)


def read_input_bytes(file: Path) -> bytes:
    """Return the content of a file.

    Raise `InputError` if the file cannot be read or is too large.
    """
    try:
        with file.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size > MAX_INPUT:
                raise _too_large_error(str(file))
            data = stream.read(MAX_INPUT + 1)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    if len(data) > MAX_INPUT:
        raise _too_large_error(str(file))
    return data


def _too_large_error(source: str) -> InputError:
    return InputError(
        f"{source}: larger than {MAX_INPUT >> 20} MiB",
        hint="pass the patches, or the mbox of one thread",
    )


def parse_patches(
    data: bytes,
    source: str,
    skipped: Skipped | None = None,
    choose_mails: ChooseMails | None = None,
) -> list[Patch]:
    """Return the patches in the content of a file or of standard input.

    Other messages in an mbox or digest are ignored, except cover letters. If a message in an mbox
    exceeds a limit, it is passed to `skipped`; without this callback, it causes an error.
    `choose_mails` selects the messages to read.
    """
    if len(data) > MAX_INPUT:
        raise _too_large_error(source)
    if data[:2] == b"\x1f\x8b":
        from patchpilot.model.bounded_gzip import unpack_gzip

        data = unpack_gzip(data, source, MAX_INPUT)
    mails = [
        mail
        for start, end in find_mail_bounds(data)
        for mail in split_digest(extract_mail(data, start, end))
    ]
    if len(mails) == 1:
        return [parse_patch(mails[0], source)]
    indexes = choose_mails(mails) if choose_mails else range(len(mails))
    result = []
    for index, mail in enumerate(mails):
        if index not in indexes:
            continue
        try:
            patch = parse_patch(mail, f"{source}:{index + 1}")
        except InputError as error:
            if skipped is None or isinstance(error, NoPatchError):
                raise
            skipped(error.message)
            continue
        if patch.has_diff or (patch.subject.number == 0 and patch.subject.is_patch):
            result.append(patch)
    return result


def _continues_thread(group: Sequence[Patch], patch: Patch) -> bool:
    """Return whether a patch belongs to the same thread as these patches.

    The version and the total may differ, because rules report this.
    """
    head, last = group[0], group[-1].subject
    numbers = (last.number, patch.subject.number)
    if (
        None in numbers
        or patch.subject.number != (last.number or 0) + 1
        or patch.author != head.author
    ):
        return False
    message_id = (head.header("Message-ID") or "").strip()
    references = f"{patch.header('In-Reply-To') or ''} {patch.header('References') or ''}"
    return bool(message_id) and message_id in references


def _is_next_file(group: Sequence[Patch], patch: Patch) -> bool:
    """Return whether a patch follows these patches in the output of git format-patch.

    Numbers may be missing and totals may differ, because rules report this.
    """
    last, subject = group[-1].subject, patch.subject
    if (
        patch.author != group[0].author
        or last.version != subject.version
        or not (last.is_patch and subject.is_patch)
    ):
        return False
    is_consecutive = (last.number is not None and subject.number == last.number + 1) or (
        last.number is None and subject.number is None
    )
    return is_consecutive and follows_in_folder(group[-1].source, patch.source)


def follows_in_folder(before: str, after: str) -> bool:
    """Return whether two patch files are in the same directory and numbered consecutively.

    Their names look like 0001-x.patch and 0002-y.patch.
    """
    first, second = PurePath(before), PurePath(after)
    match, next_match = (
        _NUMBERED.fullmatch(first.name),
        _NUMBERED.fullmatch(second.name),
    )
    return (
        match is not None
        and next_match is not None
        and first.parent == second.parent
        and match["version"] == next_match["version"]
        and int(next_match["number"]) == int(match["number"]) + 1
    )


def group_into_series(patches: Sequence[Patch]) -> tuple[Series, ...]:
    """Group patches from files into series by the numbers in their subjects.

    A patch without a number is usually a separate series.
    """
    groups: list[list[Patch]] = []
    for patch in patches:
        number, total = patch.subject.number, patch.subject.total
        last = groups[-1][-1].subject if groups else None
        is_continued = (
            last is not None
            and number is not None
            and last.number is not None
            and number > last.number
            and (
                (total == last.total and patch.subject.version == last.version)
                or _continues_thread(groups[-1], patch)
            )
        ) or (bool(groups) and _is_next_file(groups[-1], patch))
        if is_continued:
            groups[-1].append(patch)
        else:
            groups.append([patch])
    return tuple(
        Series(
            tuple(member for member in members if member.has_diff or member.subject.number != 0),
            next(
                (
                    member
                    for member in members
                    if member.subject.number == 0 and not member.has_diff
                ),
                None,
            ),
        )
        for members in groups
    )
