# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the scorers in the data folder, and compare their figures with the recorded minimums.

The program fails if a figure is below its minimum. `--quick` runs a sample that takes a few
minutes. `--record` writes the results as the new minimums.

The data folder is $PATCHPILOT_DATA (default ../shared). Scorers may need $PATCHPILOT_TREE (an
unpacked kernel tree) and $PATCHPILOT_DPDK (a repository with DPDK's main and stable histories).
Scorers whose input is missing are reported and skipped.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
FLOORS = HERE / "scores.json"
COMMAND = str(Path(sys.executable).parent / "patchpilot")
PACKAGED_TREE = Path("/usr/src/linux-source-6.1.tar.xz")


def main() -> int:
    """Run the scorers. Return 1 if a figure is below its minimum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    data = Path(os.environ.get("PATCHPILOT_DATA", "../shared")).resolve()
    if not (data / "corpus").is_dir():
        print(f"score: no data in {data}: set PATCHPILOT_DATA")
        return 0
    mode = "quick" if args.quick else "full"
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    seen: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, value in scores(data, args.quick, Path(scratch)):
            seen[name] = value
            floor = floors.get(mode, {}).get(name)
            print(
                f"score: {name} {value} (floor {floor if floor is not None else 'none'})",
                flush=True,
            )
    if args.record:
        floors[mode] = {**floors.get(mode, {}), **seen}
        FLOORS.write_text(json.dumps(floors, indent=1, sort_keys=True) + "\n")
        return 0
    low = [
        name
        for name, floor in floors.get(mode, {}).items()
        if name in seen and seen[name] < floor - 1e-9
    ]
    for name in low:
        print(
            f"score: {name} fell to {seen[name]}, recorded {floors[mode][name]}",
            file=sys.stderr,
        )
    return 1 if low else 0


def scores(data: Path, quick: bool, scratch: Path) -> Iterator[tuple[str, float]]:
    """Yield (name, figure) for each scorer that can run here. A higher figure is better."""
    tools = data / "tools"
    tree = kernel_tree(scratch) if not quick else _directory("PATCHPILOT_TREE")
    limit = ["--limit", "60"] if quick else []
    notree = ["--data", str(tree / "scripts")] if tree else []
    compat = _write_compat_command(scratch)
    yield from _checkpatch(
        "checkpatch without a tree",
        [tools / "score_checkpatch.py", "--corpus", data / "corpus", *notree, *limit],
        compat,
    )
    if tree:
        yield from _checkpatch(
            "checkpatch in a tree",
            [
                tools / "score_checkpatch.py",
                "--corpus",
                data / "corpus",
                "--tree",
                tree,
                *limit,
            ],
            compat,
        )
        output = _run(
            [
                tools / "score_maintainers.py",
                "--corpus",
                data / "corpus",
                "--tree",
                tree,
                "--limit",
                "20" if quick else "0",
            ]
        )
        for form, row in output.items():
            yield (
                f"maintainers {form} addresses",
                round(row["same_addresses"] / row["n"], 4),
            )
            yield f"maintainers {form} lines", round(row["identical"] / row["n"], 4)
    output = _run([tools / "score_mails.py", "--mails", data / "mails"])
    yield "mails kind", output["kind"]
    yield "mails bot", output["bot"]
    yield "mails none invented", 1.0 - output["invented"]
    output = _run(
        [
            data / "remarks" / "score.py",
            *(["--no-accepted"] if quick else []),
            *(["--args", f"--tree {tree}"] if tree else []),
        ]
    )
    mail = output["by_knowable"]["mail"]
    where = "in a tree" if tree else "without a tree"
    yield f"remarks near, {where}", round(mail["near"] / mail["total"], 4)
    if not quick:
        yield (
            f"remarks near minus chance, {where}",
            round((mail["near"] - mail["chance"]) / mail["total"], 4),
        )
        yield (
            f"remarks accepted without warning, {where}",
            output["accepted"]["no_error_or_warning_share"],
        )
    repo = _directory("PATCHPILOT_DPDK")
    if repo:
        own = borrow_objects(repo, scratch)
        output = _run(
            [
                tools / "score_fixes.py",
                "--repo",
                own,
                "--truth",
                data / "truth" / "fixes.jsonl",
                "--limit",
                "40" if quick else "0",
            ]
        )
        yield "fixes top-1", output["top1"]
        yield "fixes top-3", output["top3"]
        output = _run(
            [
                tools / "score_backports.py",
                "--repo",
                own,
                "--truth",
                data / "truth",
                "--limit",
                "30" if quick else "0",
            ]
        )
        for name in (
            "applies",
            "applies_exact",
            "already_fixed",
            "not_affected",
            "prerequisites",
            "prerequisites_in_files",
        ):
            right, _, of = output[name].partition("/")
            yield f"backports {name}", round(int(right) / max(1, int(of)), 4)


def _write_compat_command(scratch: Path) -> str:
    """Write a command that always reads patches with the mistakes of checkpatch.pl."""
    file = scratch / "patchpilot-compat"
    file.write_text(f'#!/bin/sh\nexec {shlex.quote(COMMAND)} "$@" --checkpatch-compat\n')
    file.chmod(0o700)
    return str(file)


def _checkpatch(name: str, argv: list[object], command: str) -> Iterator[tuple[str, float]]:
    output = _run(argv, command)
    yield f"{name} F1", output["f1"]
    yield f"{name} full agreement", output["full_agreement"]


def _run(argv: list[object], command: str = COMMAND) -> dict:
    words = [
        sys.executable,
        *map(str, argv),
        "--patchpilot",
        shlex.quote(command),
        "--json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(
            f"score: {Path(words[1]).name} failed: {(done.stderr or done.stdout)[-400:]}"
        ) from None


def _directory(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if value and Path(value).is_dir():
        return Path(value)
    print(f"score: {variable} is not set: what needs it is left out")
    return None


def kernel_tree(scratch: Path) -> Path | None:
    """Return an unpacked kernel tree, which is $PATCHPILOT_TREE or the tree in Debian's package."""
    if os.environ.get("PATCHPILOT_TREE") or not PACKAGED_TREE.exists():
        return _directory("PATCHPILOT_TREE")
    with tarfile.open(PACKAGED_TREE) as archive:
        archive.extractall(scratch, filter="data")
    return next(scratch.glob("linux-source-*"))


def borrow_objects(repo: Path, scratch: Path) -> Path:
    """Return a bare repository with the refs of `repo` that borrows the objects of `repo`.

    Scorers can write objects to it without changing `repo`.
    """
    own = scratch / "dpdk.git"
    subprocess.run(["git", "clone", "-q", "--shared", "--mirror", repo, own], check=True)
    return own


if __name__ == "__main__":
    sys.exit(main())
