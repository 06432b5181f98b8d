# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert the text in an editor to patches.

The text is a patch file, a commit message, or a changed source file.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.commits.git_command import git
from patchpilot.commits.message_mail import SUBJECT, make_message_mail
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.model.mail import extract_mail, find_mail_bounds, parse_patch
from patchpilot.model.patch import Patch

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

_MESSAGES = ("COMMIT_EDITMSG",)
_PATCHES = (".patch", ".diff", ".eml", ".mbox")


class TextKind(StrEnum):
    """The kind of a text in an editor."""

    PATCH = "patch"
    MESSAGE = "message"
    SOURCE = "source"

    @classmethod
    def of(cls, path: Path) -> "TextKind":
        """Return the kind of text in a file, based on the file's name."""
        if path.name in _MESSAGES:
            return cls.MESSAGE
        return cls.PATCH if path.suffix in _PATCHES else cls.SOURCE


class TextPatch(NamedTuple):
    """A text in an editor that has been converted to a patch.

    `lines` maps 1-based patch lines to 0-based lines of the text. Each patch line begins with
    `signs` characters that are missing from the text. `base` is the revision that the patch is
    based on, or "".
    """

    patch: Patch
    lines: Mapping[int, int]
    signs: int = 0
    base: str = ""
    head: str = ""

    def text_of(self, line: str) -> str:
        """Return a line of the patch as it appears in the editor."""
        return line[self.signs :].removeprefix(self.head)


def patches_in_file(name: str, text: str) -> Iterator[TextPatch]:
    """Yield the patches in a patch file or mbox.

    Raise `InputError` if a patch is damaged.
    """
    data = text.encode("utf-8", "surrogateescape")
    for start, end in find_mail_bounds(data):
        patch = parse_patch(extract_mail(data, start, end), name)
        lines_before = data.count(b"\n", 0, start)
        # lines of an encoded body do not correspond to lines of the file
        end_line = patch.message_line if patch.is_decoded else len(patch.lines) + 1
        yield TextPatch(patch, {number: lines_before + number - 1 for number in range(1, end_line)})


def convert_message_to_patch(repository: "Repository", name: str, text: str) -> TextPatch:
    """Return the edited commit message and the staged changes as a patch."""
    mail = make_message_mail(repository, text)
    return TextPatch(parse_patch(mail.content, name), mail.lines, 0, mail.base, SUBJECT)


def convert_source_to_patch(
    repository: "Repository", base: str, path: str, text: str
) -> TextPatch | None:
    """Return the changes to a source file since `base` as a patch, or None."""
    old = repository.blob(base, path)
    new = text.encode("utf-8", "surrogateescape")
    if old == new:
        return None
    with TemporaryFolder("text") as folder:
        (folder / "old").write_bytes(old or b"")
        (folder / "new").write_bytes(new)
        diff = git(folder, "diff", "--no-index", "--", "old", "new", ok=(0, 1)).out
    _, hunk_marker, hunks = diff.partition(b"\n@@ ")
    if not hunk_marker:
        return None
    name = path.encode("utf-8", "surrogateescape")
    header_lines = [b"diff --git a/%b b/%b" % (name, name)]
    header_lines += (
        [b"--- a/" + name] if old is not None else [b"new file mode 100644", b"--- /dev/null"]
    )
    patch = parse_patch(b"\n".join((*header_lines, b"+++ b/" + name)) + hunk_marker + hunks, path)
    return _make_source_part(patch, base)


def _make_source_part(patch: Patch, base: str) -> TextPatch:
    lines = {
        line.patch_line: line.new_line - 1
        for change in patch.files
        for hunk in change.hunks
        for line in hunk.lines
        if line.new_line is not None and line.kind in "+ "
    }
    return TextPatch(patch, lines, 1, base)


_NEARBY = 300


def cut_patch(part: TextPatch, patch_line: int) -> TextPatch | None:
    """Return the part of a source file's patch around a line, or None if it is not in a hunk.

    It begins at the start of a function, if there is one, so that the code is read in the same way.
    """
    change, hunk = part.patch.place(patch_line)
    if change is None or hunk is None:
        return None
    index = patch_line - hunk.patch_line - 1
    start, end = max(0, index - _NEARBY), index + _NEARBY
    ends = (number + 1 for number in range(start, index) if hunk.lines[number].text.startswith("}"))
    start = next(ends, start)
    rows = hunk.lines[start:end]
    old = hunk.old_start + sum(line.kind in " -" for line in hunk.lines[:start])
    new = next((line.new_line for line in rows if line.new_line is not None), 0)
    counts = [sum(line.kind in kinds for line in rows) for kinds in (" -", " +")]
    first = min(hunk.patch_line for hunk in change.hunks)
    header = [*part.patch.lines[: first - 1], f"@@ -{old},{counts[0]} +{new},{counts[1]} @@"]
    text = "\n".join([*header, *(line.kind + line.text for line in rows), ""])
    patch = parse_patch(text.encode("utf-8", "surrogateescape"), part.patch.source)
    return _make_source_part(patch, part.base)
