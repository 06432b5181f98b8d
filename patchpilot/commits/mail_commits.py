# SPDX-License-Identifier: GPL-2.0-or-later
"""Create commits from mailed patches in a temporary repository, without the commit on which they
are based.

Each commit has the same diff as its message. The files contain only the lines in the diff,
separated by filler lines. Each commit follows a merge that provides the files before the change, so
that the patches do not have to apply on top of each other. `git range-diff` and `git log
--no-merges` ignore these merges.
"""

import re
from collections.abc import Sequence
from types import TracebackType

from patchpilot.commits.git_command import git
from patchpilot.commits.run import Completed
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.model.bounded import parse_header_date
from patchpilot.model.hunk_fit import split_hunk_sides
from patchpilot.model.patch import FileChange, Hunk, Patch
from patchpilot.model.source_tree import is_safe_path

GAP = 8
"""Number of filler lines between hunks; git would join hunks with fewer than seven."""
CONTEXT = 3
_MODE = re.compile(
    r"^(?P<which>old|new|new file|deleted file) mode (?P<mode>100644|100755|120000)$"
)
_INDEX = re.compile(r"^index (?P<old>[0-9a-f]{7,64})\.\.(?P<new>[0-9a-f]{7,64})")
Files = dict[str, tuple[str, bytes]]


class MailCommits:
    """A temporary repository with commits created from patches.

    Use it as a context manager, which deletes the repository on exit.
    """

    def __init__(self) -> None:
        self._folder = TemporaryFolder("mails")
        self.top = self._folder.path
        self._count = 0

    def __enter__(self) -> "MailCommits":
        git(self.top, "init", "--quiet", "--bare", "--template=", ".")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.close()

    def git(self, *args: str) -> Completed:
        """Run git in the temporary repository."""
        return git(self.top, *args)

    def write(self, patches: Sequence[Patch]) -> str:
        """Write a commit for each patch, in order, and return the range of these commits."""
        self._count += 1
        ref = f"refs/heads/revision-{self._count}"
        commands: list[bytes] = []
        for number, patch in enumerate(patches):
            before, after = _make_partial_files(patch)
            base_mark, merge_mark, commit_mark = 1, 2 * number + 1, 2 * number + 2
            parents = [f"from :{merge_mark - 1}", f"merge :{base_mark}"] if number else []
            commands += [
                *_format_commit(ref, merge_mark, merge_mark, parents, b"files", None),
                b"deleteall\n",
                *_format_tree(before),
            ]
            message = "\n".join([patch.subject.title, "", *patch.message]).encode(
                "utf-8", "surrogateescape"
            )
            commands += [
                *_format_commit(
                    ref,
                    commit_mark,
                    commit_mark,
                    [f"from :{merge_mark}"],
                    message,
                    patch,
                ),
                b"deleteall\n",
                *_format_tree(after),
            ]
        commands.append(f"reset {ref}-base\nfrom :1\n\ndone\n".encode())
        git(self.top, "fast-import", "--quiet", "--done", stdin=b"".join(commands))
        return f"{ref}-base..{ref}"

    def mail(self, patch: Patch, message: str, before: Files, after: Files, prefix: str) -> bytes:
        """Return a patch message with a new commit message, diff and subject prefix.

        The diff is between the files `before` and `after`, which map paths to modes and contents.
        Author and date come from `patch`.
        """
        ref = "refs/heads/mail"
        date = parse_header_date(patch.header("Date") or "")
        commands = [
            *_format_commit(ref, 1, 1, [], b"files", None),
            b"deleteall\n",
            *_format_tree(before),
            *_format_commit(
                ref,
                2,
                int(date.timestamp()) if date else 1,
                ["from :1"],
                message.encode("utf-8", "surrogateescape"),
                patch,
            ),
            b"deleteall\n",
            *_format_tree(after),
            b"\ndone\n",
        ]
        git(
            self.top,
            "fast-import",
            "--quiet",
            "--done",
            "--force",
            stdin=b"".join(commands),
        )
        options = (
            "--stdout",
            "-1",
            "-M",
            "--no-signature",
            "--no-attach",
            "--no-to",
            "--no-cc",
            "--no-add-header",
            f"--subject-prefix={prefix}",
        )
        return self.git("format-patch", *options, ref).out


def _format_commit(
    ref: str,
    mark: int,
    seconds: int,
    parents: Sequence[str],
    message: bytes,
    patch: Patch | None,
) -> list[bytes]:
    author = patch.author if patch else None
    name = re.sub(r"[<>\n\0]", "", author.name if author else "").strip() or "unknown"
    email = re.sub(r"[<>\s\0]", "", author.email if author else "") or "unknown"
    head = (
        f"commit {ref}\nmark :{mark}\nauthor {name} <{email}> {seconds} +0000\ncommitter patchpilot"
        f" <patchpilot> {seconds} +0000\n"
    )
    parent_lines = "".join(f"{parent}\n" for parent in parents)
    return [
        head.encode("utf-8", "surrogateescape"),
        _format_data(message),
        parent_lines.encode(),
    ]


def _format_tree(files: Files) -> list[bytes]:
    commands = []
    for path, (mode, content) in files.items():
        if not is_valid_path(path):
            continue
        name = (
            path.encode("utf-8", "surrogateescape")
            .replace(b"\\", b"\\\\")
            .replace(b'"', b'\\"')
            .replace(b"\n", b"\\n")
        )
        commands += [
            b'M %b inline "%b"\n' % (mode.encode(), name),
            _format_data(content),
        ]
    return commands


def _format_data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _make_partial_files(patch: Patch) -> tuple[Files, Files]:
    before: Files = {}
    after: Files = {}
    for change in patch.files:
        is_copy = (
            change.old_path
            and change.new_path
            and change.old_path != change.new_path
            and not change.is_rename
        )
        old_path = change.new_path if is_copy else change.old_path
        old_mode, new_mode, ids = parse_diff_header(patch, change)
        old, new = (
            _make_binary_contents(ids) if change.is_binary else _make_old_and_new_text(change)
        )
        if old_path is not None:
            before[old_path] = old_mode, old
        if change.new_path is not None:
            after[change.new_path] = new_mode, new
    return before, after


def is_valid_path(path: str) -> bool:
    """Return whether git accepts the path of a file in a tree."""
    return is_safe_path(path) and all(
        part and part != "." and part.lower() != ".git" for part in path.split("/")
    )


def parse_diff_header(patch: Patch, change: FileChange) -> tuple[str, str, tuple[str, str]]:
    """Parse a changed file's old mode, new mode and blob ids from its extended diff header."""
    modes, ids = {"old": "100644", "new": "100644"}, ("", "")
    for line in patch.lines[
        change.patch_line : change.hunks[0].patch_line - 1 if change.hunks else len(patch.lines)
    ]:
        if line.startswith("diff --git "):
            break
        if match := _MODE.match(line):
            side = "old" if match["which"].startswith(("old", "deleted")) else "new"
            modes[side] = match["mode"]
        elif match := _INDEX.match(line):
            ids = match["old"], match["new"]
    return modes["old"], modes["new"], ids


def _make_binary_contents(ids: tuple[str, str]) -> tuple[bytes, bytes]:
    old, new = (b"\0" + blob_id.encode() for blob_id in ids)
    return old, new


def _make_old_and_new_text(change: FileChange) -> tuple[bytes, bytes]:
    """Return the text of a file before and after a change.

    It consists of the hunks, with filler for the lines between them.
    """
    old: list[str] = []
    new: list[str] = []
    # if a file is renamed, filler makes both versions similar enough for git to detect this
    gap = GAP + (4 * (change.added + change.removed) if change.is_rename else 0)
    next_line = 1
    for number, hunk in enumerate(change.hunks):
        removed, added = split_hunk_sides(hunk)
        filler = _make_filler_lines(number, min(max(hunk.old_start - next_line, 0), gap), hunk)
        old += [*filler, *removed]
        new += [*filler, *added]
        next_line = hunk.old_start + len(removed)
    if change.is_rename and (not change.hunks or _continues_below(change.hunks[-1])):
        trailing = [f"\t{change.old_path} {line}\n" for line in range(gap)]
        old, new = [*old, *trailing], [*new, *trailing]
    return tuple("".join(lines).encode("utf-8", "surrogateescape") for lines in (old, new))  # type: ignore[return-value]


def _make_filler_lines(number: int, count: int, hunk: Hunk) -> list[str]:
    """Return unique filler lines to insert before a hunk.

    The last one is the section heading in the hunk header.
    """
    lines = [f"\t{number} {line}\n" for line in range(count)]
    return [*lines[:-1], f"{hunk.section}\n"] if count and hunk.section.strip() else lines


def _continues_below(hunk: Hunk) -> bool:
    """Return whether the file continues below the hunk.

    If so, the hunk ends with three context lines.
    """
    lines = [line.kind for line in hunk.lines]
    return len(lines) >= CONTEXT and lines[-CONTEXT:] == [" "] * CONTEXT
