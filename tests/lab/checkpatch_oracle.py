# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the kernel's checkpatch.pl on every example in checks/ and on folders of patches.

    python -m tests.lab.checkpatch_oracle --script TREE/scripts/checkpatch.pl
    expectations of the examples, written anew python -m tests.lab.checkpatch_oracle --script
    TREE/scripts/checkpatch.pl FOLDER…     compare patchpilot with it on patches, type by type

TREE is an unpacked kernel of the version whose rules to use (Debian's linux-source-6.1). Only for
patches that you trust: the script passes file names to a shell.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Example
from tests.kit.checkpatch_examples import (
    EXPECTED,
    KERNEL,
    SKIPPED_TYPES,
    WORD_LISTS,
    Case,
    Findings,
    findings_by_type,
    list_example_cases,
)
from tests.kit.packs import choose_all_rules
from tests.kit.snippets import build_example_mail

LINE = re.compile(r"^.*?:(\d+): (?:ERROR|WARNING|CHECK):([A-Z0-9_]+): ", re.MULTILINE)
_TOP_FILES = ("COPYING", "CREDITS", "Kbuild", "MAINTAINERS", "Makefile", "README")
_TOP_FOLDERS = (
    "Documentation",
    "arch",
    "include",
    "drivers",
    "fs",
    "init",
    "ipc",
    "kernel",
    "lib",
    "scripts",
)
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "PATH": os.environ["PATH"],
    "PERL_HASH_SEED": "0",
}


def run_checkpatch(script: Path, example: Example) -> Findings:
    """Return the output of checkpatch.pl for an example, run in a tree that has only the example's
    files.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        patch = tree / "0001-example.patch"
        patch.write_bytes(build_example_mail(example).encode("utf-8", "surrogateescape"))
        if not example.tree:
            return run_checkpatch_on_patch(
                script, patch, ["--no-tree"], tree, SKIPPED_TYPES | WORD_LISTS
            )
        for name in _TOP_FOLDERS:
            (tree / name).mkdir()
        for name in _TOP_FILES:
            (tree / name).touch()
        for path, content in example.tree.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        for name in (
            "checkpatch.pl",
            *(["get_maintainer.pl"] if "scripts/get_maintainer.pl" in example.tree else []),
        ):
            shutil.copy(script.parent / name, tree / "scripts" / name)
        return run_checkpatch_on_patch(
            tree / "scripts" / "checkpatch.pl",
            patch,
            [f"--root={tree}"],
            tree,
            SKIPPED_TYPES,
        )


def run_checkpatch_on_patch(
    script: Path, patch: Path, options: list[str], folder: Path, skipped_types: set[str]
) -> Findings:
    """Run checkpatch.pl on a patch, with the options that are used for the documented figures."""
    command = [
        "perl",
        str(script),
        *options,
        "--terse",
        "--show-types",
        "--no-summary",
        "--max-line-length=100",
        "--color=never",
        "--strict",
    ]
    completed = subprocess.run(
        [*command, str(patch)],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
        timeout=300,
    )
    output = completed.stdout.decode("utf-8", "surrogateescape")
    return sorted(
        (match[2], int(match[1]))
        for match in LINE.finditer(output)
        if match[2] not in skipped_types
    )


def write_expectations(script: Path) -> None:
    recorded_results = json.loads(EXPECTED.read_text()) if EXPECTED.is_file() else {}
    example_cases = list(list_example_cases())

    def compute_expectation(case: Case) -> tuple[str, dict[str, object]]:
        recorded_result = recorded_results.get(case.name)
        if recorded_result and recorded_result["stamp"] == case.content_hash:
            return case.name, recorded_result
        return case.name, {
            "stamp": case.content_hash,
            "findings": run_checkpatch(script, case.example),
        }

    with ThreadPoolExecutor(max_workers=2) as executor:
        results = dict(executor.map(compute_expectation, example_cases))
    lines = [
        f"{json.dumps(name)}: {json.dumps(compute_expectation)}"
        for name, compute_expectation in sorted(results.items())
    ]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(results)} examples", file=sys.stderr)


def compare_outputs(script: Path, folders: list[Path], limit: int) -> None:
    """Print how often patchpilot agrees with checkpatch.pl on patches. Types with the most
    differences are printed first.
    """
    root = script.parent.parent
    rules = choose_all_rules(KERNEL, "linux")
    tree = DirectoryTree(root)
    options = Options(strict=True, checkpatch_compat=True, kernel=KERNEL)
    counts: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    patches = [patch for folder in folders for patch in sorted(folder.glob("*.patch"))]
    agreed_count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(root):
            if not name.startswith("."):
                (Path(folder) / name).symlink_to(root / name)
        for patch in patches[: limit or None]:
            expected = collections.Counter(
                run_checkpatch_on_patch(
                    script, patch, [f"--root={root}"], Path(folder), SKIPPED_TYPES
                )
            )
            context = Context(
                parse_patch(patch.read_bytes(), str(patch)), None, tree, None, options
            )
            actual_findings = collections.Counter(
                findings_by_type(find_findings(context, rules), SKIPPED_TYPES)
            )
            agreed_count += expected == actual_findings
            for index, differing_findings in enumerate(
                (
                    expected & actual_findings,
                    expected - actual_findings,
                    actual_findings - expected,
                )
            ):
                for (finding_type, line), number in differing_findings.items():
                    counts[finding_type][index] += number
                    if index:
                        print(f"{patch}:{line}: {('', 'missed', 'extra')[index]} {finding_type}")
    common_count, missed_count, extra_count = (
        sum(row[index] for row in counts.values()) for index in range(3)
    )
    print(
        f"{agreed_count} of {len(patches[: limit or None])} patches agree wholly, F1"
        f" {2 * common_count / max(1, 2 * common_count + missed_count + extra_count):.4f}"
    )
    for finding_type, row in sorted(counts.items(), key=lambda item: -(item[1][1] + item[1][2])):
        if row[1] or row[2]:
            print(f"{finding_type:32} agreed {row[0]}, missed {row[1]}, extra {row[2]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    script = options.script.resolve()
    if options.folders:
        compare_outputs(script, options.folders, options.limit)
    else:
        write_expectations(script)


if __name__ == "__main__":
    main()
