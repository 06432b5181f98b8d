# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the changes of commits."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.candidates import locate_symptom, read_changes
from patchpilot.finding.read_log import read_log
from tests.kit.repos import Repo

CODE = """\
/* rings */
int fill(struct ring *r)
{
\tr->state = RUNNING;
\tpr_err("cannot fill %d\\n", r->id);
\treturn 0;
}
"""
STATE = "\tr->state = RUNNING;\n"


@pytest.mark.parametrize(
    ("changed", "is_rewording"),
    [
        (CODE.replace("cannot fill", "failed to fill"), True),
        (CODE.replace("%d", "%u"), False),
        (CODE.replace(STATE, "").replace("\treturn", f"{STATE}\treturn"), False),
        (CODE.replace("RUNNING", "STOPPED"), False),
        (CODE.replace("/* rings */", "/* all the rings */"), True),
        (CODE.replace("/* rings */\n", ""), True),
        (CODE.replace("/* rings */", "/* rings */ extern int rings;"), False),
    ],
)
def test_only_another_text_or_comment_is_a_rewording(
    tmp_path: Path, changed: str, is_rewording: bool
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("base", {"a.c": CODE})
    commit = repo.commit("change", {"a.c": changed})
    with Repository.open(repo.path) as repository:
        (change,) = read_changes(repository, [commit]).values()
    assert change.is_rewording == is_rewording


def test_new_code_is_listed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("base", {"a.c": CODE})
    added = CODE + '\nint drain(struct ring *r)\n{\n\treturn warn("cannot drain");\n}\n'
    commit = repo.commit("change", {"a.c": added})
    with Repository.open(repo.path) as repository:
        (change,) = read_changes(repository, [commit]).values()
    assert change.added == {"drain"}
    assert change.texts == ('"cannot drain"',)


def test_file_is_found_by_the_longest_end_of_its_path(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("base", {f"drivers/net/{name}/mac.c": CODE for name in "abcdefghijklm"})
    log = "UBSAN: shift-out-of-bounds in /build/linux-K1/linux-6.5/drivers/net/f/mac.c:2:1"
    with Repository.open(repo.path) as repository:
        locations = locate_symptom(repository, "HEAD", read_log(log))
    assert set(locations.files) == {"drivers/net/f/mac.c"}


DONE = "static void done{0}(struct urb *u)\n{{\n\tu->dev = NULL;\n}}\n"
MODULES = {
    "drivers/usb/Makefile": (
        "obj-$(CONFIG_ALPHA) += alpha.o\nobj-$(CONFIG_BETA) += beta-net.o\n"
        "beta-net-y := core.o status.o\n"
    ),
    "drivers/usb/alpha.c": DONE.format(""),
    "drivers/usb/core.c": DONE.format(" "),
    "drivers/gamma/Makefile": "obj-m += gamma.o\ngamma-y += main.o alpha-objects/alpha.o\n",
    "drivers/gamma/main.c": "int x;\n",
    "drivers/other/done.c": DONE.format(""),
}
"""No Makefile names the last file."""


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("done+0x4b/0xc0 [beta_net]", {"usb/core"}),
        ("done+0x4b/0xc0 [alpha]", {"usb/alpha"}),
        # compiled into a second module
        ("done+0x4b/0xc0 [gamma]", {"usb/alpha"}),
        # an out-of-tree module
        ("done+0x4b/0xc0 [delta]", {"other/done"}),
        ("done+0x4b/0xc0", {"usb/alpha", "usb/core", "other/done"}),
        # a device's driver may be a part of another module
        ("gamma 1-2:1.0: done() failed", {"usb/alpha", "usb/core", "other/done"}),
    ],
)
def test_function_is_found_in_the_module_of_its_frame(
    tmp_path: Path, frame: str, expected: set[str]
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("base", MODULES)
    with Repository.open(repo.path) as repository:
        locations = locate_symptom(repository, "HEAD", read_log(f"BUG: bad page\n {frame}\n"))
    assert set(locations.files) == {f"drivers/{name}.c" for name in expected}
