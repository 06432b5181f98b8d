# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tree's scripts/checkpatch.pl (option --checkpatch), and merge its findings."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.checking.fixed_patch import finding_line
from patchpilot.checking.result import CheckRun
from patchpilot.commits.alternates import read_alternates
from patchpilot.commits.build_trust import refuse_unconfined_script
from patchpilot.commits.confinement import Access, run_confined
from patchpilot.commits.private_config import read_places
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.commits.tree_readers import CommitTree, DirectoryTree
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, Severity
from patchpilot.model.source_tree import unpatched_tree

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

SCRIPT = "scripts/checkpatch.pl"
_SCRIPT_FILES = (
    SCRIPT,
    "scripts/spelling.txt",
    "scripts/const_structs.checkpatch",
    "scripts/get_maintainer.pl",
)
"""Files below scripts that checkpatch.pl reads or runs."""
_CONFIGURATION = ".checkpatch.conf"
SECONDS = 300.0
_LINE = re.compile(r"^.*?:(\d+): (ERROR|WARNING|CHECK):([A-Z0-9_]+): (.*)$")
_PLAIN = re.compile(r"[\w./+,@=][\w./+,@=-]*")


def merge_checkpatch(
    setting: CheckRun,
    patches: Sequence[Patch],
    findings: Sequence[tuple[Finding, ...]],
    repository: "Repository | None",
) -> list[tuple[Finding, ...]]:
    """Add the findings of the tree's checkpatch.pl to the findings for each patch.

    For commits, the script of their base is run: they must not choose what is run on them.
    """
    tree, options = setting.tree, setting.options
    top = tree.root if isinstance(tree, DirectoryTree) else None
    base = unpatched_tree(tree) if tree and any(patch.commit for patch in patches) else None
    top = top or (repository.top if repository else None)
    if top is None:
        raise MissingError(
            "--checkpatch requires a kernel tree with scripts/checkpatch.pl",
            hint="pass a tree with --tree DIR",
        )
    with TemporaryFolder("checkpatch") as folder:
        top = script_folder = top.resolve()
        if repository and isinstance(base, CommitTree):
            _write_scripts(base, top, folder)
            script_folder = folder
        return [
            merge_findings(
                ours,
                run_checkpatch(
                    patch,
                    script_folder,
                    tree=top,
                    strict=options.strict,
                    max_line_length=options.max_line_length,
                ),
            )
            for patch, ours in zip(patches, findings, strict=True)
        ]


def _write_scripts(base: CommitTree, top: Path, folder: Path) -> None:
    """Write the scripts of a commit to a folder that otherwise links to the tree at `top`.

    The links are to the files that checkpatch.pl reads and searches, such as bindings.
    """
    for entry in top.iterdir():
        if entry.name not in ("scripts", ".git", _CONFIGURATION):
            (folder / entry.name).symlink_to(entry)
    (folder / "scripts").mkdir()
    for path in (*_SCRIPT_FILES, _CONFIGURATION):
        if (content := base.read(path)) is not None:
            (folder / path).write_bytes(content)


def run_checkpatch(
    patch: Patch,
    top: Path,
    *,
    strict: bool,
    max_line_length: int,
    tree: Path | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of the checkpatch.pl below `top` for a patch.

    `tree` is the tree that the script may read, if `top` only has links to its files.

    Raise `MissingError` if the tree has no such script, and `RefusedError` for an unsafe path in
    the patch, because the script passes paths to a shell.
    """
    script = top / SCRIPT
    if not script.is_file():
        raise MissingError(
            f"{top} has no {SCRIPT}",
            hint="omit --checkpatch, or pass a kernel tree with --tree",
        )
    unsafe_path = next((path for path in patch.paths if not _PLAIN.fullmatch(path)), None)
    if unsafe_path is not None:
        raise RefusedError(
            f"{patch.source}: checkpatch.pl passes paths to a shell, and {unsafe_path!r} has shell"
            " characters or begins with '-'",
            hint="omit --checkpatch",
        )
    refuse_unconfined_script(tree or top, SCRIPT, script.read_bytes())
    command = [
        "perl",
        str(script),
        f"--root={top}",
        "--terse",
        "--show-types",
        "--no-summary",
        "--color=never",
    ]
    command += [
        f"--max-line-length={max_line_length}",
        *(["--strict"] if strict else []),
        "-",
    ]
    done = run_confined(
        command,
        _find_access(top, tree or top),
        stdin=("\n".join(patch.lines) + "\n").encode("utf-8", "surrogateescape"),
        cwd=top,
        timeout=SECONDS,
    )
    matches = (_LINE.match(line) for line in done.text.splitlines())
    return tuple(
        Finding(
            "checkpatch.pl",
            match[3].lower().replace("_", "-"),
            Severity(match[2].lower()),
            match[4],
            checkpatch=match[3],
            patch_line=int(match[1]),
        )
        for match in matches
        if match
    )


def _find_access(top: Path, tree: Path) -> Access:
    """Return the files that checkpatch.pl may read: the tree, its commits, and the user's options.

    The configuration of the repository is hidden, because it can contain the tokens of CI systems.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home() raises where there is none)
    reads, hides = [top, tree, home / ".checkpatch.conf"], []
    if places := read_places(tree):
        folders = dict.fromkeys((places.git_dir, places.common_dir))
        reads += [*folders, *read_alternates(places.common_dir / "objects")]
        hides = [folder / name for folder in folders for name in ("config", "config.worktree")]
    reads = [Path(os.path.normpath(path)) for path in reads if path.exists()]
    hides = [path for path in hides if path.is_file()]
    return Access(tuple(reads), hides=tuple(hides), home=str(home))


def merge_findings(ours: tuple[Finding, ...], theirs: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Add each finding of checkpatch.pl, unless patchpilot reports the same type on the same
    line.
    """
    unmatched = [(our.checkpatch, our.patch_line) for our in ours]
    extra = []
    for their in theirs:
        key = (their.checkpatch, their.patch_line)
        if key in unmatched:
            unmatched.remove(key)
        else:
            extra.append(their)
    return tuple(sorted((*ours, *extra), key=finding_line))
