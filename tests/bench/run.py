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
    read_program_versions,
    read_recorded_ratios,
    record_ratios,
    write_page,
)
from tests.bench.walk import create_sandbox, make_used_environment, time_program_start, time_walks

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
        scratch_folder = Path(folder)
        os.environ |= {
            f"XDG_{name}_HOME": str(scratch_folder / name) for name in ("CACHE", "STATE", "CONFIG")
        }
        tree = clone_kernel_tree(scratch_folder)
        if tree is None or not shutil.which("perl"):
            print("bench: no kernel tree or no perl: set PATCHPILOT_TREE")
            return 0
        if os.environ.get("CACHE") == "no":
            measure_caches(tree, scratch_folder / "CACHE" / "patchpilot")
            return 0
        measure_commit_checks(tree)
        measure_patch_checks(tree)
        measure_starts(tree)
        measure_tui(tree, scratch_folder)
        measure_object_builds(tree, scratch_folder)
        measure_growth(PATCHPILOT, scratch_folder)
    write_page(ROWS, [*read_program_versions(), "Linux 6.1"])
    if "--record" in sys.argv:
        record_ratios(ROWS)
    for line in (regressions := find_regressions(ROWS, read_recorded_ratios())):
        print(f"bench: slower than recorded: {line}", file=sys.stderr)
    return 1 if regressions else 0


def clone_kernel_tree(scratch_folder: Path) -> Path | None:
    """Return a clone of the tree with a topic of `COMMITS` commits."""
    tree = scratch_folder / "linux"
    if source := os.environ.get("PATCHPILOT_TREE"):
        subprocess.run(["git", "clone", "-q", "--shared", source, str(tree)], check=True)
    elif PACKAGED.exists():
        with tarfile.open(PACKAGED) as archive:
            archive.extractall(scratch_folder, filter="data")
        next(scratch_folder.glob("linux-source-*")).rename(tree)
        for git_arguments in (
            ("init", "-q"),
            ("add", "-Af"),
            ("commit", "-qm", "Linux 6.1"),
        ):
            subprocess.run(["git", "-C", str(tree), *USER, *git_arguments], check=True)
    else:
        return None
    files = sorted((tree / DRIVER).parent.glob("*.c"))[:COMMITS]
    for file in (*files[1:], tree / DRIVER):
        content = file.read_text().replace("if (err)\n", "if (err < 0)\n")
        file.write_text(f"{content}\n/* the end */\n")
        message = f"hwmon: ({file.stem}) Name the end\n\nIt was not named. Name it."
        git_arguments = (*USER, "commit", "-qsam", message)
        subprocess.run(["git", "-C", str(tree), *git_arguments], check=True)
    return tree


def measure_commit_checks(tree: Path) -> None:
    """Measure checking one and nine commits, a file, recipients, a rule, and messages."""
    checkpatch_command = ("perl", "scripts/checkpatch.pl", "--terse", "--no-summary")
    last_commits = [f"HEAD~{number}" for number in range(COMMITS)]
    series = f"HEAD~{COMMITS}..HEAD"
    command = "git format-patch --stdout -1 {} | perl scripts/get_maintainer.pl"
    check_scripts = tuple(("sh", "-c", command.format(commit)) for commit in last_commits)

    def make_our_job(*arguments: str) -> Job:
        return Job(arguments[0], ((PATCHPILOT, *arguments),), tree)

    def make_their_job(label: str, *arguments: tuple[str, ...]) -> Job:
        return Job(label, arguments, tree)

    report_pair(
        "check, one commit",
        make_our_job("check", "HEAD"),
        make_their_job("checkpatch.pl -g", (*checkpatch_command, "-g", "HEAD")),
    )
    report_pair(
        "check, nine commits",
        make_our_job("check", series),
        make_their_job(
            "9 x checkpatch.pl -g",
            *((*checkpatch_command, "-g", commit) for commit in last_commits),
        ),
    )
    report_pair(
        "check, one file",
        make_our_job("check", "-f", DRIVER),
        make_their_job("checkpatch.pl -f", (*checkpatch_command, "-f", DRIVER)),
    )
    report_pair(
        "maintainers, one commit",
        make_our_job("maintainers", "HEAD"),
        make_their_job("get_maintainer.pl", check_scripts[0]),
    )
    report_pair(
        "maintainers, nine commits",
        make_our_job("maintainers", series),
        make_their_job("9 x get_maintainer.pl", *check_scripts),
    )
    report_pair("explain, one rule", make_our_job("explain", "missing-fixes"))
    report_pair(
        "send --dry-run, one commit",
        make_our_job("send", "--dry-run", "--offline", "--to", "a@example.org", "HEAD"),
        make_their_job(
            "git send-email --dry-run",
            ("git", "send-email", "--dry-run", "--quiet", "--to=a@example.org", "-1"),
        ),
    )


def measure_patch_checks(tree: Path) -> None:
    folder = Path(os.environ.get("PATCHPILOT_DATA", "../shared")) / "corpus" / "patches"
    files = tuple(map(str, sorted(folder.resolve().glob("*.patch"))[:100]))
    if not files:
        return
    checkpatch_command = (
        "perl",
        "scripts/checkpatch.pl",
        "--terse",
        "--no-summary",
        "--strict",
    )
    check_command = (PATCHPILOT, "check", "--strict", "--tree", ".")
    for title, our_command, label, their_commands in (
        (
            "",
            check_command,
            "100 x checkpatch.pl",
            tuple((*checkpatch_command, file) for file in files),
        ),
        (
            ", one core",
            (*check_command, "--jobs", "1"),
            "checkpatch.pl",
            ((*checkpatch_command, *files),),
        ),
    ):
        report_pair(
            f"check, 100 patches{title}",
            Job("check", ((*our_command, *files),), tree),
            Job(label, their_commands, tree),
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


def measure_tui(tree: Path, scratch_folder: Path) -> None:
    """Measure the TUI in the kernel tree and in the demo, and lazygit if it is installed."""
    for label, tree_folder in (
        ("kernel", tree),
        ("demo", create_sandbox(scratch_folder)),
    ):
        time_walks(label, tree_folder, make_used_environment(scratch_folder, label))
    if shutil.which("lazygit"):
        time_program_start("lazygit", "Commit", tree)


def measure_caches(tree: Path, folder: Path) -> None:
    """Print the CPU time saved by each kind of cached value in a check of one commit."""
    job = Job("check", ((PATCHPILOT, "check", "HEAD"),), tree)
    time_job(job)
    kinds = sorted({file.name.rpartition("-")[0] or file.name for file in folder.iterdir()})
    for cache_kind in kinds:
        with_cache, without_cache = [], []
        for _ in range(5):
            with_cache.append(time_job(job)[1])
            for file in (*folder.glob(f"{cache_kind}-*"), *folder.glob(cache_kind)):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            without_cache.append(time_job(job)[1])
        saved_seconds = min(without_cache) - min(with_cache)
        verdict = "" if saved_seconds >= WORTH else "(less than 10)"
        print("cache of", cache_kind, "saves", round(saved_seconds * 1000), "ms", verdict)


def measure_object_builds(tree: Path, scratch_folder: Path) -> None:
    """Measure building a driver's object before and after a change, from scratch and again."""
    if not all(map(shutil.which, ("make", "gcc", "flex", "bison", "bc"))):
        return
    subprocess.run([PATCHPILOT, "trust", "--build", str(tree)], check=True, input=b"y\n")
    # deleting thousands of files takes as long as building, so move old output out of the way
    cache_folder = f"{scratch_folder}/CACHE/patchpilot"
    clean_command = (
        "mv",
        "-T",
        "--backup=numbered",
        cache_folder,
        f"{scratch_folder}/old",
    )
    build_command = (PATCHPILOT, "build", "--quick", "-q", "-C", str(tree), "HEAD")
    target = DRIVER.removesuffix(".c") + ".o"
    make_command = (
        "make",
        "-s",
        "-C",
        str(tree),
        f"O={cache_folder}/by-make",
        f"-j{os.cpu_count()}",
        "W=1",
        "C=1",
        f"ARCH={os.uname().machine}",
    )
    # configuring, and building objtool, take half the time, so let make reuse the results
    subprocess.run(build_command, check=True)
    (config_fragment,) = scratch_folder.glob("CACHE/patchpilot/builds/*/out-*/patchpilot.config")
    config_fragment = config_fragment.rename(scratch_folder / "fragment")
    configure_command = (
        *make_command,
        "allnoconfig",
        f"KCONFIG_ALLCONFIG={config_fragment}",
    )
    edit_command = ("sh", "-c", f"echo >>{tree / DRIVER}")
    report_pair(
        "build, one driver, from nothing",
        Job("build", (clean_command, build_command)),
        Job(
            "make of the same object",
            (clean_command, configure_command, (*make_command, target)),
        ),
        1,
    )
    report_pair(
        "build, one driver, after an edit",
        Job("build", (edit_command, (*build_command[:-1], str(tree / DRIVER)))),
        Job("make of the same object", (edit_command, (*make_command, target))),
    )


if __name__ == "__main__":
    sys.exit(main())
