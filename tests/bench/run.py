# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: check beside checkpatch.pl, maintainers beside get_maintainer.pl, on a real tree
and real patches, in one run.

Needs an unpacked kernel tree ($PATCHPILOT_TREE, or Debian's linux-source-6.1 package) and a folder
of patches ($PATCHPILOT_DATA/corpus/patches); without patches it makes some from the sandbox's
history. Where $PATCHPILOT_DPDK names a repository with stable branches, fixes and backport are
timed on a clone of it, beside what people type instead.

Writes docs/reference/performance.md; exits 1 where a ratio is worse than the recorded one by more
than its tolerance, which `--record` replaces.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.growth import growth
from tests.bench.pairs import ROWS, Job, report, side_by_side
from tests.bench.performance import (
    record,
    recorded_ratios,
    versions,
    worse,
    write_page,
)

PATCHPILOT = str(Path(sys.executable).parent / "patchpilot")
DRIVER = "drivers/hwmon/lm75.c"
PACKAGED = Path("/usr/src/linux-source-6.1.tar.xz")


def main() -> int:
    """Run every pair that can run here and print ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = kernel_tree(Path(scratch))
        patches = real_patches(Path(scratch))
        floor()
        histories(Path(scratch))
        if tree is None or not shutil.which("perl"):
            print(
                "bench: no kernel tree or no perl: install linux-source-6.1 or set PATCHPILOT_TREE"
            )
            return 0
        checks(tree, patches, Path(scratch))
        check = (
            PATCHPILOT,
            "check",
            "--fail-on",
            "never",
            "--format",
            "checkpatch",
            "--tree",
            str(tree),
        )
        growth(check, patches, Path(scratch))
        maintainers(tree, patches)
        mails(Path(scratch))
        objects(tree, Path(scratch))
    write_page(ROWS, [*versions(), "Linux 6.1's scripts"])
    if "--record" in sys.argv:
        record(ROWS)
    for line in (slower := worse(ROWS, recorded_ratios())):
        print(f"bench: slower than recorded: {line}", file=sys.stderr)
    return 1 if slower else 0


def floor() -> None:
    """What cannot be beaten: Python's own start, and git's."""
    python = Job("python -c pass", ((sys.executable, "-c", "pass"),))
    git = Job("git log -1", (("git", "log", "-1"),))
    version = Job("patchpilot --version", ((PATCHPILOT, "--version"),))
    times = side_by_side((python, git, version))
    print(
        "best of five: "
        + ", ".join(
            f"{job.label} {one.best * 1000:.0f} ms"
            for job, one in zip((python, git, version), times, strict=True)
        )
    )


def histories(scratch: Path) -> None:
    """fixes and backport on a clone that borrows the objects, with a cache of its own: so the first
    calls are first calls.
    """
    if not (named := os.environ.get("PATCHPILOT_DPDK")):
        return
    clone = scratch / "history.git"
    subprocess.run(
        ["git", "clone", "-q", "--bare", "--shared", named, str(clone)], check=True
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(scratch / "cache")}
    for name in ("fixes.py", "backport.py"):
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name(name)), str(clone)],
            check=True,
            env=env,
        )


def checks(tree: Path, patches: list[Path], scratch: Path) -> None:
    """One median patch and a hundred, in a tree and without."""
    script = tree / "scripts" / "checkpatch.pl"
    common = (
        "--terse",
        "--show-types",
        "--no-summary",
        "--max-line-length=100",
        "--color=never",
        "--strict",
    )
    empty = scratch / "empty"
    empty.mkdir()
    forms = (
        ("tree", ("--tree", str(tree)), (f"--root={tree}",), 0.7, 1 / 15),
        (
            "no tree",
            ("--kernel", "6.1", "--data", str(tree / "scripts")),
            ("--no-tree",),
            1.2,
            1 / 4,
        ),
    )
    median = sorted(patches, key=lambda file: file.stat().st_size)[len(patches) // 2]
    for name, mine, theirs, one_target, many_target in forms:
        check = (
            PATCHPILOT,
            "check",
            "--strict",
            "--fail-on",
            "never",
            "--format",
            "checkpatch",
            *mine,
        )
        perl = ("perl", str(script), *theirs, *common)
        hundred = [str(file) for file in patches[:100]]
        report(
            f"check, one median patch, {name}",
            Job("check", ((*check, str(median)),), empty),
            Job("checkpatch.pl", ((*perl, str(median)),), empty),
            one_target,
            9,
        )
        report(
            f"check, 100 patches, {name}",
            Job("check", ((*check, *hundred),), empty),
            Job("100 x checkpatch.pl", tuple((*perl, file) for file in hundred), empty),
            many_target,
            2,
        )
        report(
            f"check, 100 patches, one core, {name}",
            Job("check", ((*check, "--jobs", "1", *hundred),), empty),
            Job("checkpatch.pl, one process", ((*perl, *hundred),), empty),
            1.0,
            2,
        )


def maintainers(tree: Path, patches: list[Path]) -> None:
    """One patch and a hundred."""
    kernel = [file for file in patches if file.name.startswith("k-")] or patches
    switches = ("--roles", "--no-rolestats", "--no-git", "--no-git-fallback")
    mine = (
        PATCHPILOT,
        "maintainers",
        "--tree",
        str(tree),
        "--format",
        "get_maintainer",
        *switches,
    )
    perl = ("perl", "scripts/get_maintainer.pl", *switches)
    one = str(kernel[0].resolve())
    report(
        "maintainers, one patch",
        Job("maintainers", ((*mine, one),), tree),
        Job("get_maintainer.pl", ((*perl, one),), tree),
        2 / 3,
        9,
    )
    hundred = [str(file.resolve()) for file in kernel[:100]]
    report(
        "maintainers, 100 patches",
        Job("maintainers", ((*mine, *hundred),), tree),
        Job("100 x get_maintainer.pl", tuple((*perl, file) for file in hundred), tree),
        1 / 50,
        2,
    )


def mails(scratch: Path) -> None:
    """The mails of a patch, made and shown, none sent."""
    from patchpilot.demo.demo_repository import make_repositories

    work = make_repositories(scratch / "mails").work
    mine = (
        PATCHPILOT,
        "send",
        "--dry-run",
        "--offline",
        "--to",
        "a@example.org",
        "HEAD",
    )
    git = (
        "git",
        "send-email",
        "--dry-run",
        "--quiet",
        "--to=a@example.org",
        "-1",
        "HEAD",
    )
    report(
        "send --dry-run, one patch, with all checks",
        Job("send", (mine,), work),
        Job("git send-email --dry-run", (git,), work),
        None,
        7,
    )


def objects(tree: Path, scratch: Path) -> None:
    """One driver's object before and after a change, from nothing and again."""
    if not all(map(shutil.which, ("make", "gcc", "flex", "bison", "bc"))):
        return
    work = scratch / "kernel"
    subprocess.run(["cp", "-a", str(tree), str(work)], check=True)
    git = (
        "git",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-C",
        str(work),
    )
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A", "-f"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "start"], check=True)
    with (work / DRIVER).open("a") as opened:
        opened.write("\n")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "hwmon: touch"], check=True)
    env = {
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "XDG_CONFIG_HOME": str(scratch / "c"),
    }
    os.environ |= env
    subprocess.run(
        [PATCHPILOT, "trust", "--build", str(work)], check=True, input=b"y\n"
    )
    clean = (PATCHPILOT, "build", "--clean")
    build = (PATCHPILOT, "build", "--quick", "-q", "-C", str(work), "HEAD")
    out = scratch / "by-make"
    target = DRIVER.removesuffix(".c") + ".o"
    make = ("make", "-s", "-C", str(work), f"O={out}", f"-j{os.cpu_count()}", "W=1")
    fragment = scratch / "fragment"
    fragment.write_text(
        "CONFIG_MODULES=y\nCONFIG_HWMON=m\nCONFIG_SENSORS_LM75=m\nCONFIG_I2C=m\n"
    )
    configured = (*make, "allnoconfig", f"KCONFIG_ALLCONFIG={fragment}")
    report(
        "build, one driver, from nothing",
        Job("build", (clean, ("rm", "-rf", str(scratch / "cache")), build)),
        Job(
            "make of the same object, twice",
            (
                ("rm", "-rf", str(out)),
                (*git, "checkout", "-q", "HEAD^"),
                configured,
                (*make, target),
                (*git, "checkout", "-q", "master"),
                (*make, target),
            ),
        ),
        1.3,
        1,
    )
    report(
        "build, one driver, again",
        Job("build", (build,)),
        Job("make of the same object", ((*make, target),)),
        None,
        3,
    )


def kernel_tree(scratch: Path) -> Path | None:
    """The tree to compare on."""
    if named := os.environ.get("PATCHPILOT_TREE"):
        return Path(named)
    if not PACKAGED.exists():
        return None
    with tarfile.open(PACKAGED) as archive:
        archive.extractall(scratch, filter="data")
    return next(scratch.glob("linux-source-*"))


def real_patches(scratch: Path) -> list[Path]:
    """Recorded patches, else the sandbox's history as patches."""
    folder = Path(os.environ.get("PATCHPILOT_DATA", "../shared")) / "corpus" / "patches"
    if folder.is_dir():
        return sorted(folder.resolve().glob("*.patch"))
    from patchpilot.demo.demo_repository import make_repositories

    work = make_repositories(scratch / "demo").work
    out = scratch / "patches"
    subprocess.run(
        ["git", "-C", work, "format-patch", "-q", "-o", out, "-120", "master"],
        check=True,
    )
    return sorted(out.glob("*.patch"))


if __name__ == "__main__":
    sys.exit(main())
