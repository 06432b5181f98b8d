# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a patch of a series is checked against the tree with the earlier patches applied.

The result is the same as for a commit and its parent.
"""

from pathlib import Path

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.commits.range import read_targets
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.lint.lint_context import Options
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

BINDING = "Documentation/devicetree/bindings/demo/acme,frob.yaml"
VENDORS = "Documentation/devicetree/bindings/vendor-prefixes.yaml"
MAKEFILE = "VERSION = 6\nPATCHLEVEL = 1\n"
DRIVER = """// SPDX-License-Identifier: GPL-2.0
static const struct of_device_id frob_ids[] = {
\t{ .compatible = "acme,frob" },
\t{ }
};
"""
BODY = (
    "\n\n"
    "The frob of the acme board hangs after some hours of work, as nothing\n"
    "asks it for its state. Ask it once a second.\n"
    "\n"
)
# use the date of the tree's release, so that "does not apply" is reported
DATE = "Date: Mon, 12 Dec 2022 10:00:00 +0000"


@pytest.fixture
def tree(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "tree")
    files = {
        "Makefile": MAKEFILE,
        "MAINTAINERS": (
            "Maintainers\n"
            "\nTHE REST\n"
            "M:\tAda Fixer <ada@example.org>\n"
            "S:\tMaintained\n"
            "F:\t*\n"
            "F:\t*/\n"
        ),
        VENDORS: 'patternProperties:\n  "^acme,.*":\n    description: Acme\n',
        "scripts/checkpatch.pl": "#\n",
        "scripts/get_maintainer.pl": "#\n",
        "drivers/demo/old.c": "".join(f"int line_{number};\n" for number in range(40)),
    }
    repo.commit("start" + BODY + SIGNED_LINE, files)
    return repo


def _commit_series(
    repo: Repo,
    folder: Path,
    commits: list[tuple[str, dict[str, str | None]]],
    *git_arguments: str,
) -> list[str]:
    """Create commits on a branch, and return them as messages that were sent in December 2022.

    The working tree is not changed.
    """
    repo.branch("topic")
    for subject, files in commits:
        for path in [path for path, content in files.items() if content is None]:
            (repo.path / path).unlink()
        repo.commit(
            f"{subject}{BODY}{SIGNED_LINE}",
            {path: content for path, content in files.items() if content is not None},
        )
    names = repo.git("format-patch -q -o", str(folder), *git_arguments, "master..topic").split("\n")
    repo.checkout("master")
    for file in sorted(folder.iterdir()):
        lines = [
            DATE if line.startswith("Date: ") else line for line in file.read_text().split("\n")
        ]
        file.write_text("\n".join(lines))
    assert names is not None
    return [str(file) for file in sorted(folder.iterdir())]


def _list_finding_names(result: CheckResult, number: int) -> list[str]:
    return [finding.name for finding in result.patches[number].findings]


def _check_files(
    files: list[str], tree: Path, *, jobs: int = 1, compat: bool = False
) -> CheckResult:
    options = Options(strict=True, jobs=jobs, checkpatch_compat=compat, profile="linux")
    check_driver = Driver(options, tree=DirectoryTree(tree))
    return check_driver.check(read_targets(files, None))


def _format_old_finding(number: int, finding_text: str) -> str:
    lines = [f"int line_{number};\n" for number in range(40)]
    lines[number] = finding_text
    return "".join(lines)


def test_binding_in_first_patch_is_visible_in_second(tree: Repo, tmp_path: Path) -> None:
    binding: dict[str, str | None] = {
        BINDING: (
            "# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
            "properties:\n"
            "  compatible:\n"
            "    const: acme,frob\n"
        )
    }
    files = _commit_series(
        tree,
        tmp_path / "out",
        [
            ("dt-bindings: demo: Add the frob", binding),
            ("demo: Add a driver of the frob", {"drivers/demo/frob.c": DRIVER}),
        ],
    )
    assert "undocumented-compatible" in _list_reported_names(
        _check_files([files[1]], tree.path).patches[0]
    )
    assert "undocumented-compatible" not in _list_reported_names(
        _check_files(files, tree.path).patches[1]
    )
    # checkpatch.pl uses the same tree for all patches in a run
    assert "undocumented-compatible" in _list_reported_names(
        _check_files(files, tree.path, compat=True).patches[1]
    )


def _list_reported_names(checked_patch: CheckedPatch) -> set[str]:
    return {
        (
            "undocumented-compatible"
            if finding.checkpatch == "UNDOCUMENTED_DT_STRING"
            else finding.name
        )
        for finding in checked_patch.findings
    }


OLD = "drivers/demo/old.c"


def _rename_patches(
    tree: Repo,
    output_folder: Path,
    *git_arguments: str,
    rename_command: str = "renamed_again",
) -> list[str]:
    names = ("renamed", rename_command)
    rows = [
        (f"demo: Name it {name}", {OLD: _format_old_finding(10, f"int {name};\n")})
        for name in names
    ]
    return _commit_series(tree, output_folder, rows, *git_arguments)


@pytest.mark.parametrize("words", [(), ("--no-numbered",)])
def test_second_patch_is_checked_after_applying_the_first(
    tree: Repo, tmp_path: Path, words: tuple[str, ...]
) -> None:
    files = _rename_patches(tree, tmp_path / "out", *words)
    assert "does-not-apply" in _list_finding_names(_check_files([files[1]], tree.path), 0)
    for targets in (files, [str(tmp_path / "out")]):
        assert "does-not-apply" not in _list_finding_names(_check_files(targets, tree.path), 1)


def test_revert_of_an_earlier_patch_in_the_series_is_not_reported_as_applied(
    tree: Repo, tmp_path: Path
) -> None:
    files = _rename_patches(tree, tmp_path / "out", rename_command="line_10")
    assert "already-applied" in _list_finding_names(_check_files([files[1]], tree.path), 0)
    assert not {"already-applied", "does-not-apply"} & set(
        _list_finding_names(_check_files(files, tree.path), 1)
    )


def test_failing_patch_does_not_affect_the_next(tree: Repo, tmp_path: Path) -> None:
    files = _rename_patches(tree, tmp_path / "out")
    tree.put("drivers/demo/old.c", "int quite;\nint another;\nint file;\n")
    result = _check_files(files, tree.path)
    assert "does-not-apply" in _list_finding_names(result, 0)
    assert "does-not-apply" not in _list_finding_names(result, 1)


def test_parallel_results_agree(tree: Repo, tmp_path: Path) -> None:
    commits: list[tuple[str, dict[str, str | None]]] = [
        (
            f"demo: Rename line {number}",
            {"drivers/demo/old.c": _format_old_finding(10, f"int renamed_{number};\n")},
        )
        for number in range(14)
    ]
    files = _commit_series(tree, tmp_path / "out", commits)
    alone, many = _check_files(files, tree.path), _check_files(files, tree.path, jobs=2)
    assert [patch.findings for patch in alone.patches] == [patch.findings for patch in many.patches]
    assert not any("does-not-apply" in _list_finding_names(alone, number) for number in range(14))


def test_commit_is_checked_against_its_parent(tree: Repo) -> None:
    binding = {
        BINDING: (
            "# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
            "properties:\n"
            "  compatible:\n"
            "    const: acme,frob\n"
        )
    }
    start = tree.git("rev-parse HEAD")
    tree.commit("dt-bindings: demo: Add the frob" + BODY + SIGNED_LINE, binding)
    tree.commit(
        "demo: Add a driver of the frob" + BODY + SIGNED_LINE,
        {"drivers/demo/frob.c": DRIVER},
    )
    repository = Repository.open(tree.path)
    series = read_targets([f"{start}..HEAD"], repository)
    options = Options(strict=True, profile="linux")
    result = Driver(options, repository=repository).check(series)
    assert "undocumented-compatible" not in _list_reported_names(result.patches[1])
