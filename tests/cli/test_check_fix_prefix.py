# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check --fix` adds a missing subject prefix if the history of the files has only one
prefix, and writes the word after it as the history does.
"""

from pathlib import Path

import pytest

from tests.kit.repos import Repo

PATH = "drivers/net/frob.c"


@pytest.mark.parametrize(
    ("prefixes", "fixed"),
    [(["net: frob"] * 6, True), (["net: frob"] * 4 + ["net"] * 2, False)],
)
def test_prefix_is_added_if_history_agrees(
    prefixes: list[str], fixed: bool, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    files = {
        "Makefile": "VERSION = 6\n",
        "MAINTAINERS": "",
        "Kconfig": "",
        "Kbuild": "",
    }
    for number, prefix in enumerate(prefixes):
        repo.commit(f"{prefix}: add part {number}", files | {PATH: f"int a{number};\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("Wait for the link", {PATH: "int b;\n"})
    arguments = ("--profile", "linux", "--select", "missing-prefix")
    repo.patchpilot("check --fix", *arguments)
    subject = repo.git("log -1 --format=%s").strip()
    assert subject == ("net: frob: wait for the link" if fixed else "Wait for the link")


TREE = {"Makefile": "VERSION = 6\n", "MAINTAINERS": "", "Kconfig": "", "Kbuild": ""}
DRIVER, OTHER = "drivers/counter/frob-cnt.c", "drivers/counter/bar.c"


def make_drivers(path: Path, *, driver: str) -> Repo:
    """Return a repository in whose history two drivers of a directory have different prefixes."""
    repo = Repo(path)
    repo.commit("counter: add the frob driver", TREE | {DRIVER: "int a;\n", OTHER: "int b;\n"})
    for number in range(5):
        repo.commit(f"{driver} Part {number} is slow", {DRIVER: f"int a{number};\n"})
    for number in range(9):
        repo.commit(f"counter: Bar part {number} is slow", {OTHER: f"int b{number};\n"})
    wide = {f"drivers/{name}/a.c": "int c;\n" for name in "abcdef"}
    repo.commit("treewide: count in int", wide | {DRIVER: "int d;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    return repo


@pytest.mark.parametrize("driver", ["counter: frob-cnt:", "counter: (frob)"])
def test_prefix_of_the_file_comes_first(driver: str, tmp_path: Path) -> None:
    repo = make_drivers(tmp_path / "r", driver=driver)
    repo.commit("counter: Wait for the link", {DRIVER: "int e;\n"})
    options = ("--profile", "linux", "--select", "unconventional-prefix,missing-prefix")
    basis = f"100 % of 5 commits to {DRIVER} have"
    assert f"incomplete subject prefix 'counter:'; {basis} '{driver}'" in " ".join(
        repo.patchpilot("check --all", *options).out.split()
    )
    repo.git("commit -q --amend -m", "Wait for the link")
    assert f'{basis} "{driver}"' in " ".join(repo.patchpilot("check", *options).out.split())
    repo.patchpilot("check --fix", *options)
    assert repo.git("log -1 --format=%s").strip() == f"{driver} Wait for the link"
    repo.commit("counter: Wait for another link", {DRIVER: "int f;\n"})
    assert basis in " ".join(repo.patchpilot("check --all HEAD", *options).out.split())


@pytest.mark.parametrize(
    ("counts", "share", "usual"), [((5, 3), 62, "rtc: pcf85063:"), ((3, 4), 100, "rtc:")]
)
def test_device_name_is_proposed_if_most_commits_to_the_file_have_it(
    counts: tuple[int, int], share: int, usual: str, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    path = "drivers/rtc/rtc-pcf85063.c"
    repo.commit("begin", TREE | {path: "begin\n"})
    for prefix, count in zip(("rtc: pcf85063:", "rtc:"), counts, strict=True):
        for number in range(count):
            repo.commit(f"{prefix} use {number} ticks", {path: f"{prefix}{number}\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("wait for the clock", {path: "int e;\n"})
    arguments = ("--profile", "linux", "--format", "json", "--select", "missing-prefix")
    (finding,) = repo.patchpilot("check", *arguments).json["patches"][0]["findings"]
    assert f'{share} % of {sum(counts)} commits to {path} have "{usual}"' in finding["message"]
    assert finding["fix"]["text"] == f"{usual} wait for the clock"


@pytest.mark.parametrize(
    ("path", "folder", "own"),
    [
        ("drivers/hwmon/frob.c", "hwmon: ({})", "hwmon: (frob)"),
        ("drivers/hid/hid-frob.c", "HID: {}:", "HID: frob:"),
        ("drivers/net/usb/frob.c", "net: usb: {}:", "net: usb: frob:"),
    ],
)
def test_few_commits_are_enough_if_they_name_the_file(
    path: str, folder: str, own: str, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("begin", TREE | {path: "begin\n"})
    for name in ("bar", "baz", "foo", "fox", "box", "frob", "frob"):
        prefix = folder.format(name)
        ticks = repo.git("rev-list --count HEAD").strip()
        repo.commit(f"{prefix} use {ticks} ticks", {path.replace("frob", name): ticks})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("wait for the clock", {path: "int e;\n"})
    arguments = ("--profile", "linux", "--format", "json", "--select", "missing-prefix")
    (finding,) = repo.patchpilot("check", *arguments).json["patches"][0]["findings"]
    assert f'100 % of 2 commits to {path} have "{own}"' in finding["message"]
    assert finding["fix"]["text"] == f"{own} wait for the clock"


@pytest.mark.parametrize(
    ("path", "title", "fixed"),
    [
        ("frob.c", "frob: wait for it", "iio: light: frob: wait for it"),
        ("frob.c", "light: frob: wait for it", "iio: light: frob: wait for it"),
        ("tmd2725.c", "tmd2725: wait for it", "iio: light: tmd2725: wait for it"),
        ("tmd2725.c", "fix: wait for it", "iio: light: wait for it"),
    ],
)
def test_suggested_prefix_keeps_the_name_of_the_driver(
    path: str, title: str, fixed: str, tmp_path: Path
) -> None:
    folder, repo = "drivers/iio/light", Repo(tmp_path / "r")
    repo.commit("begin", TREE | {f"{folder}/tmd2725.c": "begin\n"})
    for number in range(41):
        name = "frob" if number < 4 else f"a{number}"
        repo.commit(f"iio: light: {name}: use {number} ticks", {f"{folder}/{name}.c": f"{number}"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit(title, {f"{folder}/{path}": "int e;\n"})
    arguments = ("--profile", "linux", "--format", "json", "--select", "unconventional-prefix")
    (finding,) = repo.patchpilot("check", *arguments).json["patches"][0]["findings"]
    basis = (
        f"100 % of 3 commits to {folder}/frob.c have 'iio: light: frob:'"
        if path == "frob.c"
        else f"commits to {folder} have 'iio: light:'"
    )
    assert basis in finding["message"]
    assert finding["fix"]["text"] == fixed


def test_directory_decides_if_files_disagree(tmp_path: Path) -> None:
    repo = make_drivers(tmp_path / "r", driver="counter: frob-cnt:")
    repo.commit("Wait for the link", {DRIVER: "int e;\n", OTHER: "int e;\n"})
    output = repo.patchpilot("check --profile linux --select missing-prefix").out
    assert 'commits to drivers/counter have "counter:"' in " ".join(output.split())
