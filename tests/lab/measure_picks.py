# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure the order of `backport --missing` by what a branch picked later:
python -m tests.lab.measure_picks REPO --mainline origin/main --release 'v(\\d\\d\\.11)\\.(\\d+)'.

The command runs once for each release of a branch, as it was then: with the fixes of mainline up to
`--mainline-release` that came before the branch's next release, or else up to the branch's release
(with `--days-before N`: N days before the next release). A listed fix counts as picked if a later
release of the branch names it. Moments with fewer than ten picked fixes are not measured.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

_MARK = re.compile(
    r"upstream commit:? +([0-9a-f]{8,40})|cherry[ -]picked from (?:commit )?([0-9a-f]{8,40})", re.I
)
_SHORT = 12
_FEWEST = 10
_DAY = 86_400


class Moment(NamedTuple):
    """A release of a branch, the branch's last release, and the mainline commit to compare with."""

    branch: str
    release: str
    last: str
    mainline: str


class Figures(NamedTuple):
    """The AUC of an order, and the shares of picked fixes among the first 20 and 50."""

    auc: float
    first_20: float
    first_50: float


class Pick(NamedTuple):
    """A listed fix: its place in mainline, whether it has `Cc: stable`, and was picked later."""

    number: int
    is_tagged: bool
    is_picked: bool


class Clone:
    """A scratch clone in which the mainline is set to a moment."""

    def __init__(self, source: Path, folder: Path, mainline: str) -> None:
        tip = _run(source, "rev-parse", mainline).strip()
        _run(source, "clone", "-q", "--shared", "--bare", "--tags", ".", str(folder))
        self.folder, self.mainline = folder, tip
        order = _run(folder, "rev-list", "--reverse", "--topo-order", tip).split()
        self.numbers = {commit: number for number, commit in enumerate(order)}
        self._ids = {commit[:_SHORT]: commit for commit in order}

    def git(self, *arguments: str) -> str:
        return _run(self.folder, *arguments)

    def date(self, commit: str) -> int:
        return int(self.git("log", "-1", "--format=%ct", commit))

    def list_moments(
        self,
        release: str,
        mainline_release: str | None = None,
        days: int | None = None,
        only: Sequence[str] = (),
    ) -> Iterator[Moment]:
        """Yield the moments of all branches, or `only` of these."""
        tags = self.git("tag").split()
        mains = [tag for tag in tags if mainline_release and re.fullmatch(mainline_release, tag)]
        dates = sorted((self.date(tag), tag) for tag in mains)
        branches: dict[str, list[tuple[int, str]]] = {}
        for tag in tags:
            match = re.fullmatch(release, tag)
            if match and (not only or match[1] in only):
                branches.setdefault(match[1], []).append((int(match[2]), tag))
        for branch, releases in sorted(branches.items()):
            releases.sort()
            for (_, tag), (_, following) in pairwise(releases):
                start, end = self.date(tag), self.date(following)
                between = [name for date, name in dates if start < date <= end]
                until = start if days is None else max(start, end - days * _DAY)
                arguments = ("-1", f"--before={until}", "--first-parent", self.mainline)
                main = between[0] if between else self.git("rev-list", *arguments).strip()
                yield Moment(branch, tag, releases[-1][1], main)

    def list_picked_later(self, moment: Moment) -> set[str]:
        """Return the mainline commits that later releases of the branch name."""
        messages = self.git("log", "--no-merges", "--format=%b", f"{moment.release}..{moment.last}")
        names = {(match[1] or match[2]).lower()[:_SHORT] for match in _MARK.finditer(messages)}
        return {self._ids[name] for name in names if name in self._ids}

    def list_fixes(self, moment: Moment, options: Sequence[str]) -> list[str]:
        """Return the fixes that the command lists, in its order."""
        tip = self.git("rev-parse", moment.mainline + "^{commit}").strip()
        self.git("config", "patchpilot.mainline", tip)
        command = [sys.executable, "-m", "patchpilot", "backport", "--missing", "--list"]
        command += ["--format", "jsonl", "--onto", moment.release, *options]
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder.parent / "cache")}
        result = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return [row["commit"] for row in map(json.loads, result.stdout.splitlines()[:-1])]

    def list_tagged(self, commits: Sequence[str]) -> set[str]:
        """Return the commits with `Cc: stable`."""
        command = [
            "git",
            "log",
            "--no-walk",
            "--format=%H",
            "-i",
            "--grep=^cc:.*stable@",
            "--stdin",
        ]
        result = subprocess.run(
            command,
            cwd=self.folder,
            input="\n".join(commits).encode(),
            capture_output=True,
            check=True,
        )
        return set(result.stdout.decode("ascii").split())


def _run(folder: Path, *arguments: str) -> str:
    result = subprocess.run(("git", *arguments), cwd=folder, stdout=subprocess.PIPE, check=True)
    return result.stdout.decode("utf-8", "replace")


def measure_order(picks: Sequence[Pick]) -> Figures:
    """Return the figures of fixes in this order; some are picked, and some are not."""
    picked = sum(pick.is_picked for pick in picks)
    before = pairs = 0
    for pick in picks:
        if pick.is_picked:
            before += 1
        else:
            pairs += before
    first = [fmean(pick.is_picked for pick in picks[:count]) for count in (20, 50)]
    return Figures(pairs / (picked * (len(picks) - picked)), *first)


def sort_tagged_first(picks: Sequence[Pick]) -> list[Pick]:
    return sorted(picks, key=lambda pick: (pick.is_tagged, pick.number), reverse=True)


def sort_latest_first(picks: Sequence[Pick]) -> list[Pick]:
    return sorted(picks, key=lambda pick: pick.number, reverse=True)


def _print_figures(title: str, moments: Sequence[Sequence[Pick]]) -> None:
    total = sum(map(len, moments))
    picked = sum(pick.is_picked for picks in moments for pick in picks)
    print(f"{title}: {len(moments)} moments, {total} fixes, {picked} picked ({picked / total:.0%})")
    for name, sort in (
        ("backport --missing", list[Pick]),
        ("Cc: stable first", sort_tagged_first),
        ("latest first", sort_latest_first),
    ):
        figures = [measure_order(sort(picks)) for picks in moments]
        means = (fmean(values) for values in zip(*figures, strict=True))
        print(f"  {name:20}", *(f"{mean:.3f}" for mean in means))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--mainline", default="origin/main")
    parser.add_argument("--release", required=True, help="groups 1: the branch, 2: the number")
    parser.add_argument("--mainline-release")
    parser.add_argument("--days-before", type=int)
    parser.add_argument("--branches", nargs="*", help="only these (default: all)")
    parser.add_argument("--options", default="", help="further options of the command")
    arguments = parser.parse_args()
    measured: dict[str, list[list[Pick]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(arguments.repository, Path(folder) / "clone", arguments.mainline)
        moments = clone.list_moments(
            arguments.release,
            arguments.mainline_release,
            arguments.days_before,
            arguments.branches or (),
        )
        for moment in moments:
            later = clone.list_picked_later(moment)
            fixes = clone.list_fixes(moment, arguments.options.split())
            tagged = clone.list_tagged(fixes)
            picks = [Pick(clone.numbers[fix], fix in tagged, fix in later) for fix in fixes]
            picked = sum(pick.is_picked for pick in picks)
            is_used = picked >= _FEWEST and picked < len(picks)
            print(*moment, len(fixes), picked, "" if is_used else "not measured", flush=True)
            if is_used:
                measured.setdefault(moment.branch, []).append(picks)
    for branch, lists in measured.items():
        _print_figures(branch, lists)
    if measured:
        _print_figures("all", [picks for lists in measured.values() for picks in lists])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
