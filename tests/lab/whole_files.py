# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure by type and line how often `check -f` agrees with `checkpatch.pl -f` on randomly chosen
files of a kernel tree.

    python -m tests.lab.whole_files TREE [--files 200] [--seed 21]

Use only a tree that you trust, because its script is run.
"""

import argparse
import random
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.lint.rule_store import load_rules
from tests.kit.cli import start_and_wait
from tests.lab.checkpatch_oracle import ENVIRONMENT, LINE

KINDS = (
    ".c",
    ".h",
    ".S",
    ".rst",
    ".py",
    ".sh",
    ".dts",
    ".dtsi",
    ".yaml",
    ".rs",
    "Kconfig",
    "Makefile",
)
LARGEST = 60_000
"""Maximum size of a sampled file: checkpatch.pl takes minutes for a header of a megabyte."""


def sample_files(tree: Path, count: int, seed: int) -> list[str]:
    """Return random files of the tree. The same seed always gives the same files."""
    files = [
        path
        for path in DirectoryTree(tree).files()
        if path.endswith(KINDS) and 0 < (tree / path).stat().st_size <= LARGEST
    ]
    return random.Random(seed).sample(files, count)


def count_findings(output: str) -> Counter[tuple[str, int]]:
    return Counter((match[2], int(match[1])) for match in LINE.finditer(output))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=21)
    options = parser.parse_args()
    tree = options.tree.resolve()
    known_types = {rule.checkpatch for rule in load_rules()}
    agreed = common = missed = extra_count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in tree.iterdir():
            if not name.name.startswith("."):
                (Path(folder) / name.name).symlink_to(name)
        for path in sample_files(tree, options.files, options.seed):
            script = [
                "perl",
                str(tree / "scripts/checkpatch.pl"),
                "-f",
                "--terse",
                "--show-types",
                "--no-summary",
                "--strict",
                "--color=never",
            ]
            completed = subprocess.run(
                [*script, f"--root={tree}", path],
                cwd=folder,
                env=ENVIRONMENT,
                capture_output=True,
                check=False,
                timeout=600,
            )
            expected = count_findings(completed.stdout.decode("utf-8", "surrogateescape"))
            check_outcome = start_and_wait(
                "check",
                "-f",
                "--strict",
                "--fail-on",
                "never",
                "--format",
                "checkpatch",
                "--tree",
                ".",
                path,
                workdir=tree,
            )
            our_counts = Counter(
                {
                    key: number
                    for key, number in count_findings(check_outcome.out).items()
                    if key[0] in known_types
                }
            )
            agreed += expected == our_counts
            common, missed, extra_count = (
                common + (expected & our_counts).total(),
                missed + (expected - our_counts).total(),
                extra_count + (our_counts - expected).total(),
            )
            for sign, differing_counts in (
                ("-", expected - our_counts),
                ("+", our_counts - expected),
            ):
                for (finding_type, line), number in sorted(differing_counts.items()):
                    print(f"{sign} {path}:{line}: {finding_type} ({number})", flush=True)
    f1 = 2 * common / max(1, 2 * common + missed + extra_count)
    print(
        f"{agreed} of {options.files} files agree wholly; {common} findings agree, {missed} missed,"
        f" {extra_count} extra, F1 {f1:.4f}"
    )


if __name__ == "__main__":
    main()
