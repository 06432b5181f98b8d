# SPDX-License-Identifier: GPL-2.0-or-later
"""Check whole files, like checkpatch.pl -f.

Each file is converted to a diff that adds all its lines.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.commits.range import read_input_bytes
from patchpilot.errors import InputError, UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series, parse_subject, quote_path

BINARY_WITHIN = 8000
"""Like git, treat a file with a null byte in its first bytes as binary."""


def whole_files(targets: Sequence[str], top: Path | None) -> tuple[Series, ...]:
    """Return a series for each file, with a patch that adds all its lines.

    Paths inside `top` are relative to it. Empty and binary files are skipped. Raise `InputError`
    for an unreadable file, and `UsageError` for standard input or without files.
    """
    if not targets or "-" in targets:
        raise UsageError(
            "-f requires FILEs",
            hint="run `git ls-files drivers/net | xargs patchpilot check -f --`",
        )
    root = top.resolve() if top else None
    return tuple(Series((patch,)) for target in targets if (patch := _make_patch(target, root)))


def _make_patch(target: str, root: Path | None) -> Patch | None:
    if Path(target).is_dir():
        raise InputError(
            f"{target} is a directory",
            hint=f"run `git ls-files {target} | xargs patchpilot check -f --`",
        )
    data = read_input_bytes(Path(target))
    if not data or b"\0" in data[:BINARY_WITHIN]:
        return None
    full = Path(target).absolute()
    folder = full.parent.resolve()
    path = (
        os.path.relpath(folder / full.name, root)
        if root and folder.is_relative_to(root)
        else os.path.normpath(target)
    )
    name = (
        quote_path(f"b/{path}")
        if any(sign < " " or sign in '"\\' for sign in path)
        else f"b/{path}"
    )
    lines = data.split(b"\n")
    end = b"\n" if lines[-1] == b"" and lines.pop() == b"" else b"\n\\ No newline at end of file\n"
    header = f"--- /dev/null\n+++ {name}\n@@ -0,0 +1,{len(lines)} @@\n".encode(
        "utf-8", "surrogateescape"
    )
    return parse_patch(header + b"+" + b"\n+".join(lines) + end, target)


def renumber_for_files(result: CheckResult) -> CheckResult:
    """Replace line numbers in the diffs with line numbers in the files."""
    return result._replace(patches=tuple(map(_file_findings, result.patches)), whole_files=True)


def _file_findings(checked: CheckedPatch) -> CheckedPatch:
    patch = checked.patch
    lines = tuple(line.text for change in patch.files for line in change.lines())
    whole_file_patch = Patch(
        patch.source,
        None,
        lines,
        (),
        parse_subject(""),
        None,
        (),
        1,
        (),
        1,
        len(lines) + 1,
        "",
        cut=patch.cut,
        cut_lines=patch.cut_lines,
    )
    return checked._replace(
        patch=whole_file_patch,
        every=tuple(finding._replace(patch_line=finding.line) for finding in checked.every),
    )
