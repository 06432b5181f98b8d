# SPDX-License-Identifier: GPL-2.0-or-later
"""Write fixed patches back to their files, keeping all other bytes.

Either all files are changed or none.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.range import (
    is_network_target,
    list_patch_files,
    read_input_bytes,
)
from patchpilot.errors import PatchpilotError, RefusedError, UsageError
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.model.mail import find_mail_bounds, is_mboxrd
from patchpilot.model.patch import Patch
from patchpilot.write_file import refuse_link, write_temporary_file

_QUOTED = re.compile(rb">*From ")
_ODD_CHARSET = re.compile(r"charset=\"?(?:utf-?(?:7|16|32)|iso-2022|ucs)", re.IGNORECASE)


class PatchText(NamedTuple):
    """A text before and after a fix, and the file name to show in the diff."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class FixDirectory(NamedTuple):
    """The lines of a patch that may be fixed.

    `refused` is the reason if no line may be fixed; otherwise `may_touch` accepts the index of a
    line. `kept` maps lines that must not change to the reason.
    """

    refused: str = ""
    may_touch: Callable[[int], bool] = lambda _: True
    kept: Mapping[int, str] = {}


class PatchFiles(NamedTuple):
    """The contents of the patch files to fix.

    `mails` maps the source of a patch to its file and the message's start and end byte.
    """

    data: Mapping[str, bytes] = {}
    mails: Mapping[str, tuple[str, int, int]] = {}

    @classmethod
    def of(cls, targets: Sequence[str], stdin: bytes | None) -> "PatchFiles":
        """Read the patch files. Raise `UsageError` for a TARGET that cannot be written back."""
        data: dict[str, bytes] = {}
        if "-" in targets:
            if len(targets) > 1:
                raise UsageError(
                    "cannot fix standard input together with other TARGETs",
                    hint="run it separately for the other TARGETs",
                )
            data["-"] = stdin or b""
        for target in targets:
            if is_network_target(target):
                raise UsageError(
                    f"cannot fix {target}: it is in a mail archive",
                    hint="run `b4 am` first, then name the file",
                )
            if target != "-" and Path(target).exists():
                for file in list_patch_files(target):
                    data[str(file)] = read_input_bytes(file)
        mails = {}
        for name, content in data.items():
            if content[:2] == b"\x1f\x8b":
                raise UsageError(
                    f"cannot fix {name}: it is a gzipped mbox",
                    hint=f"run `gunzip -k {name}` first",
                )
            bounds = find_mail_bounds(content)
            for number, (start, end) in enumerate(bounds, 1):
                mails[name if len(bounds) == 1 else f"{name}:{number}"] = (
                    name,
                    start,
                    end,
                )
        return cls(data, mails)

    @property
    def is_stdin(self) -> bool:
        return "-" in self.data

    def fixable_lines(self, patch: Patch) -> FixDirectory:
        kind = (patch.header("Content-Type") or "").lower()
        if "CRLF" in patch.damage:
            return FixDirectory("it has DOS line endings: convert the whole mail first (dos2unix)")
        if "BOM" in patch.damage:
            return FixDirectory("it starts with a byte order mark: remove that first")
        if patch.damage:
            return FixDirectory(
                f"its body is {patch.damage[0]}: only plain text (8bit) can be fixed"
            )
        if "format=flowed" in kind.replace(" ", "").replace('"', ""):
            return FixDirectory(
                "its body is format=flowed, which changes the line breaks of the patch"
            )
        if _ODD_CHARSET.search(kind):
            return FixDirectory("its charset does not preserve the bytes of a patch")
        if not self._is_verbatim(patch):
            return FixDirectory("its text differs from the bytes of the file")
        return FixDirectory()

    def changed_texts(self, patch: Patch, outcome: FixOutcome) -> tuple[PatchText, ...]:
        return (PatchText(patch.source, patch.lines, outcome.draft.patch.lines),)

    def render(self, outcomes: Mapping[str, FixOutcome]) -> dict[str, bytes]:
        contents = {}
        for name, content in self.data.items():
            parts = sorted(
                (start, end, source)
                for source, (file, start, end) in self.mails.items()
                if file == name
            )
            new = b"".join(
                self._fixed_mail(content[start:end], outcomes[source])
                if source in outcomes
                else content[start:end]
                for start, end, source in parts
            )
            if new != content:
                contents[name] = new
        return contents

    def write(self, changed: Mapping[str, bytes]) -> tuple[str, ...]:
        """Replace all files, or none, and return their names.

        Raise `RefusedError` if a file is read-only, is a symbolic link, or has changed in the
        meantime.
        """
        for name in changed:
            _refuse_unless_writable(Path(name))
        staged: list[tuple[Path, Path]] = []
        try:
            for name, content in changed.items():
                staged.append((_stage_file(Path(name), content), Path(name)))
            for _, file in staged:
                if read_input_bytes(file) != self.data[str(file)]:
                    raise RefusedError(
                        f"{file} has changed in the meantime",
                        hint="nothing was written; check the file, then try again",
                    )
            _replace_files(staged, self.data)
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
        return tuple(changed)

    def _is_verbatim(self, patch: Patch) -> bool:
        name, start, end = self.mails.get(patch.source, ("", 0, 0))
        content = self.data.get(name, b"")[start:end]
        lines = _split(content)
        if is_mboxrd(content):
            lines = [line.removeprefix(b">") if _QUOTED.match(line) else line for line in lines]
        return [line.decode("utf-8", "surrogateescape") for line in lines] == list(patch.lines)

    def _fixed_mail(self, content: bytes, outcome: FixOutcome) -> bytes:
        """Return the bytes of a fixed message, keeping the bytes of unchanged lines."""
        raw = _split(content)
        fixed = []
        for text, origin in zip(outcome.draft.patch.lines, outcome.draft.origin, strict=True):
            if origin >= 0 and outcome.original.lines[origin] == text:
                fixed.append(raw[origin])
            else:
                line = text.encode("utf-8", "surrogateescape")
                fixed.append(b">" + line if is_mboxrd(content) and _QUOTED.match(line) else line)
        return b"\n".join(fixed) + (b"\n" if content.endswith(b"\n") else b"")


def _split(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _refuse_unless_writable(file: Path) -> None:
    refuse_link(file)
    if not file.stat().st_mode & 0o222 or not os.access(file, os.W_OK):
        raise RefusedError(
            f"{file} is read-only",
            hint=f"nothing was written; run `chmod u+w {file}`, or show the changes with --diff",
        )


def _stage_file(file: Path, content: bytes) -> Path:
    try:
        return write_temporary_file(file, content, is_synced=True)
    except OSError as error:
        raise RefusedError(
            f"cannot write {file}: {error.strerror or error}",
            hint="nothing was written; show the changes with --diff",
        ) from error


def _replace_files(staged: Sequence[tuple[Path, Path]], old: Mapping[str, bytes]) -> None:
    replaced: list[Path] = []
    try:
        for temporary, file in staged:
            replaced.append(file)
            temporary.replace(file)
    except BaseException as error:
        changed = [file for file in replaced if not _put_back(file, old[str(file)])]
        if not isinstance(error, OSError):
            raise
        hint = (
            f"cannot restore {changed[0]}: {len(changed)} of the files may have been changed"
            if changed
            else "no file was changed"
        )
        raise RefusedError(
            f"cannot replace {error.filename}: {error.strerror or error}", hint=hint
        ) from error


def _put_back(file: Path, content: bytes) -> bool:
    temporary = None
    try:
        if file.read_bytes() != content:
            temporary = _stage_file(file, content)
            temporary.replace(file)
    except (OSError, PatchpilotError):
        if temporary:
            temporary.unlink(missing_ok=True)
        return False
    return True
