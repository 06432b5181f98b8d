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
from tests.kit.cli import spawn
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


def count_findings(text: str) -> Counter[tuple[str, int]]:
    return Counter((match[2], int(match[1])) for match in LINE.finditer(text))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=21)
    words = parser.parse_args()
    tree = words.tree.resolve()
    known_types = {rule.checkpatch for rule in load_rules()}
    agreed = both = missed = extra = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in tree.iterdir():
            if not name.name.startswith("."):
                (Path(folder) / name.name).symlink_to(name)
        for path in sample_files(tree, words.files, words.seed):
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
            outcome = subprocess.run(
                [*script, f"--root={tree}", path],
                cwd=folder,
                env=ENVIRONMENT,
                capture_output=True,
                check=False,
                timeout=600,
            )
            expected = count_findings(outcome.stdout.decode("utf-8", "surrogateescape"))
            actual = spawn(
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
                cwd=tree,
            )
            have = Counter(
                {
                    key: number
                    for key, number in count_findings(actual.out).items()
                    if key[0] in known_types
                }
            )
            agreed += expected == have
            both, missed, extra = (
                both + (expected & have).total(),
                missed + (expected - have).total(),
                extra + (have - expected).total(),
            )
            for sign, part in (("-", expected - have), ("+", have - expected)):
                for (kind, line), number in sorted(part.items()):
                    print(f"{sign} {path}:{line}: {kind} ({number})", flush=True)
    f1 = 2 * both / max(1, 2 * both + missed + extra)
    print(
        f"{agreed} of {words.files} files agree wholly; {both} findings agree, {missed} missed,"
        f" {extra} extra, F1 {f1:.4f}"
    )


if __name__ == "__main__":
    main()
