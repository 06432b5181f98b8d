# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: compare patchpilot with what a user would run instead, on a kernel-sized tree.

Needs a kernel tree ($PATCHPILOT_TREE: a git repository, otherwise Debian's linux-source-6.1
package) and a folder of patches ($PATCHPILOT_DATA/corpus/patches). Pairs without input are skipped.
With CACHE=no, it prints the time that each cache saves in a check of one commit instead.

Writes docs/reference/performance.md; exits 1 if a ratio is worse than the recorded one by more than
its tolerance, which `--record` replaces.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.growth import measure_growth
from tests.bench.pairs import ROWS, Job, report_pair, time_job
from tests.bench.performance import (
    find_regressions,
    program_versions,
    record_ratios,
    recorded_ratios,
    write_page,
)
from tests.bench.walk import (
    create_sandbox,
    time_program_start,
    time_walks,
    used_environment,
)

BIN = Path(sys.executable).parent
PATCHPILOT = str(BIN / "patchpilot")
B4 = str(BIN / "b4")
DRIVER = "drivers/hwmon/lm75.c"
PACKAGED = Path("/usr/src/linux-source-6.1.tar.xz")
USER = ("-c", "user.name=Ada Fixer", "-c", "user.email=ada@example.org")
COMMITS = 9
WORTH = 0.01
"""Minimum number of seconds that a cache must save."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        os.environ |= {
            f"XDG_{name}_HOME": str(scratch / name)
            for name in ("CACHE", "STATE", "CONFIG")
        }
        tree = clone_kernel_tree(scratch)
        if tree is None or not shutil.which("perl"):
            print("bench: no kernel tree or no perl: set PATCHPILOT_TREE")
            return 0
        if os.environ.get("CACHE") == "no":
            measure_caches(tree, scratch / "CACHE" / "patchpilot")
            return 0
        measure_commit_checks(tree)
        measure_patch_checks(tree)
        measure_starts(tree)
        measure_tui(tree, scratch)
        measure_object_builds(tree, scratch)
        measure_growth(PATCHPILOT, scratch)
    write_page(ROWS, [*program_versions(), "Linux 6.1"])
    if "--record" in sys.argv:
        record_ratios(ROWS)
    for line in (slower := find_regressions(ROWS, recorded_ratios())):
        print(f"bench: slower than recorded: {line}", file=sys.stderr)
    return 1 if slower else 0


def clone_kernel_tree(scratch: Path) -> Path | None:
    """Return a clone of the tree with a topic of `COMMITS` commits."""
    work = scratch / "linux"
    if source := os.environ.get("PATCHPILOT_TREE"):
        subprocess.run(
            ["git", "clone", "-q", "--shared", source, str(work)], check=True
        )
    elif PACKAGED.exists():
        with tarfile.open(PACKAGED) as archive:
            archive.extractall(scratch, filter="data")
        next(scratch.glob("linux-source-*")).rename(work)
        for words in (("init", "-q"), ("add", "-Af"), ("commit", "-qm", "Linux 6.1")):
            subprocess.run(["git", "-C", str(work), *USER, *words], check=True)
    else:
        return None
    files = sorted((work / DRIVER).parent.glob("*.c"))[:COMMITS]
    for file in (*files[1:], work / DRIVER):
        text = file.read_text().replace("if (err)\n", "if (err < 0)\n")
        file.write_text(f"{text}\n/* the end */\n")
        message = f"hwmon: ({file.stem}) Name the end\n\nIt was not named. Name it."
        words = (*USER, "commit", "-qsam", message)
        subprocess.run(["git", "-C", str(work), *words], check=True)
    return work


def measure_commit_checks(tree: Path) -> None:
    """Measure checking one and nine commits, a file, recipients, a rule, and messages."""
    perl = ("perl", "scripts/checkpatch.pl", "--terse", "--no-summary")
    last = [f"HEAD~{number}" for number in range(COMMITS)]
    series = f"HEAD~{COMMITS}..HEAD"
    command = "git format-patch --stdout -1 {} | perl scripts/get_maintainer.pl"
    scripts = tuple(("sh", "-c", command.format(commit)) for commit in last)

    def ours(*words: str) -> Job:
        return Job(words[0], ((PATCHPILOT, *words),), tree)

    def theirs(label: str, *words: tuple[str, ...]) -> Job:
        return Job(label, words, tree)

    report_pair(
        "check, one commit",
        ours("check", "HEAD"),
        theirs("checkpatch.pl -g", (*perl, "-g", "HEAD")),
    )
    report_pair(
        "check, nine commits",
        ours("check", series),
        theirs("9 x checkpatch.pl -g", *((*perl, "-g", commit) for commit in last)),
    )
    report_pair(
        "check, one file",
        ours("check", "-f", DRIVER),
        theirs("checkpatch.pl -f", (*perl, "-f", DRIVER)),
    )
    report_pair(
        "maintainers, one commit",
        ours("maintainers", "HEAD"),
        theirs("get_maintainer.pl", scripts[0]),
    )
    report_pair(
        "maintainers, nine commits",
        ours("maintainers", series),
        theirs("9 x get_maintainer.pl", *scripts),
    )
    report_pair("explain, one rule", ours("explain", "missing-fixes"))
    report_pair(
        "send --dry-run, one commit",
        ours("send", "--dry-run", "--offline", "--to", "a@example.org", "HEAD"),
        theirs(
            "git send-email --dry-run",
            ("git", "send-email", "--dry-run", "--quiet", "--to=a@example.org", "-1"),
        ),
    )


def measure_patch_checks(tree: Path) -> None:
    folder = Path(os.environ.get("PATCHPILOT_DATA", "../shared")) / "corpus" / "patches"
    files = tuple(map(str, sorted(folder.resolve().glob("*.patch"))[:100]))
    if not files:
        return
    perl = ("perl", "scripts/checkpatch.pl", "--terse", "--no-summary", "--strict")
    check = (PATCHPILOT, "check", "--strict", "--tree", ".")
    for title, ours, label, words in (
        ("", check, "100 x checkpatch.pl", tuple((*perl, file) for file in files)),
        (", one core", (*check, "--jobs", "1"), "checkpatch.pl", ((*perl, *files),)),
    ):
        report_pair(
            f"check, 100 patches{title}",
            Job("check", ((*ours, *files),), tree),
            Job(label, words, tree),
            1,
        )


def measure_starts(tree: Path) -> None:
    version = Job("b4", ((B4, "--version"),))
    report_pair("start: --version", Job("start", ((PATCHPILOT, "--version"),)), version)
    report_pair(
        "first run on a machine: check, one commit",
        Job("check", ((PATCHPILOT, "check", "HEAD"),), tree, fresh=True),
        Job("b4 --version", version.commands, fresh=True),
    )


def measure_tui(tree: Path, scratch: Path) -> None:
    """Measure the TUI in the kernel tree and in the demo, and lazygit if it is installed."""
    for label, work in (("kernel", tree), ("demo", create_sandbox(scratch))):
        time_walks(label, work, used_environment(scratch, label))
    if shutil.which("lazygit"):
        time_program_start("lazygit", "Commit", tree)


def measure_caches(tree: Path, folder: Path) -> None:
    """Print the CPU time saved by each kind of cached value in a check of one commit."""
    job = Job("check", ((PATCHPILOT, "check", "HEAD"),), tree)
    time_job(job)
    kinds = sorted(
        {file.name.rpartition("-")[0] or file.name for file in folder.iterdir()}
    )
    for kind in kinds:
        with_cache, without_cache = [], []
        for _ in range(5):
            with_cache.append(time_job(job)[1])
            for file in (*folder.glob(f"{kind}-*"), *folder.glob(kind)):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            without_cache.append(time_job(job)[1])
        saved = min(without_cache) - min(with_cache)
        verdict = "" if saved >= WORTH else "(less than 10)"
        print("cache of", kind, "saves", round(saved * 1000), "ms", verdict)


def measure_object_builds(tree: Path, scratch: Path) -> None:
    """Measure building a driver's object before and after a change, from scratch and again."""
    if not all(map(shutil.which, ("make", "gcc", "flex", "bison", "bc"))):
        return
    subprocess.run(
        [PATCHPILOT, "trust", "--build", str(tree)], check=True, input=b"y\n"
    )
    # deleting thousands of files takes as long as building, so move old output out of the way
    stored = f"{scratch}/CACHE/patchpilot"
    clean = ("mv", "-T", "--backup=numbered", stored, f"{scratch}/old")
    build = (PATCHPILOT, "build", "--quick", "-q", "-C", str(tree), "HEAD")
    target = DRIVER.removesuffix(".c") + ".o"
    make = (
        "make",
        "-s",
        "-C",
        str(tree),
        f"O={stored}/by-make",
        f"-j{os.cpu_count()}",
        "W=1",
        "C=1",
        f"ARCH={os.uname().machine}",
    )
    # configuring, and building objtool, take half the time, so let make reuse the results
    subprocess.run(build, check=True)
    (fragment,) = scratch.glob("CACHE/patchpilot/builds/*/out-*/patchpilot.config")
    fragment = fragment.rename(scratch / "fragment")
    configured = (*make, "allnoconfig", f"KCONFIG_ALLCONFIG={fragment}")
    edit = ("sh", "-c", f"echo >>{tree / DRIVER}")
    report_pair(
        "build, one driver, from nothing",
        Job("build", (clean, build)),
        Job(
            "make of the same object",
            (clean, configured, (*make, target)),
        ),
        1,
    )
    report_pair(
        "build, one driver, after an edit",
        Job("build", (edit, (*build[:-1], str(tree / DRIVER)))),
        Job("make of the same object", (edit, (*make, target))),
    )


if __name__ == "__main__":
    sys.exit(main())
