# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant programs in a tree, and test that they change and reveal nothing when it is built.

Each case is a place in which code of the tree runs, and an action of that code. After each build,
everything outside of the output folders must be as before, no private word may be in the output,
and an innocent commit must have the same findings as before.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.building import configuration
from patchpilot.building.output_folder import OutputFolder
from patchpilot.building.work_place import list_build_directories
from patchpilot.cache.entries import cache_dir
from patchpilot.commits import confinement
from patchpilot.commits.confinement import Confinement
from patchpilot.resources import state_path
from tests.cli.test_build import DRIVER, KERNEL, MAKEFILE, set_remote_branch, trust_tree
from tests.commits.test_confinement import METHODS, works
from tests.kit.cli import call
from tests.kit.confinement import use_confinement
from tests.kit.repos import Repo

WORD = "zzprivateword"
HOOKS = """
allnoconfig: before
before:
\t@sh $(CURDIR)/drv/prepare $(O)
\t@gcc -o $(O)/helper $(CURDIR)/drv/helper.c && $(O)/helper
\t@mkdir -p $(O)/scripts/mod && cp $(CURDIR)/drv/modpost $(O)/scripts/mod/modpost
"""
"""What a tree runs: a script without a suffix, a host program, and a program that make leaves."""
TREE = {
    **KERNEL,
    "Makefile": f"-include drv/rules\n{MAKEFILE}{HOOKS}",
    "drv/rules": "\n",
    "drv/prepare": "true\n",
    "drv/helper.c": "int main(void) { return 0; }\n",
    "drv/modpost": "#!/bin/sh\n",
    "scripts/kernel-doc": "#!/usr/bin/env perl\n",
    "scripts/checkpatch.pl": "#!/usr/bin/env perl\n",
}
TOUCHED = f"{DRIVER}static int spare;\n"
PLACES = {
    "shell function": lambda command: {"drv/rules": f"PLANTED := $(shell {command})\n"},
    "makefile": lambda command: {"Makefile": f"$(shell {command})\n{TREE['Makefile']}"},
    "recipe": lambda command: {"Makefile": f"{TREE['Makefile']}\t@{command}\n"},
    "recipe of an object": lambda command: {
        "Makefile": TREE["Makefile"].replace("\t@echo '  CC", f"\t@{command}\n\t@echo '  CC")
    },
    "script": lambda command: {"drv/prepare": f"{command}\n"},
    "host program": lambda command: {
        "drv/helper.c": "#include <stdlib.h>\n"
        f"int main(void) {{ return system({json.dumps(command)}) & 0; }}\n"
    },
    "modpost": lambda command: {"drv/modpost": f"#!/bin/sh\n{command}\n"},
    "kernel-doc": lambda command: {
        "scripts/kernel-doc": f"#!/usr/bin/env perl\nsystem({_quote_perl(command)});\n"
    },
    "checkpatch": lambda command: {
        "scripts/checkpatch.pl": f"#!/usr/bin/env perl\nsystem({_quote_perl(command)});\n"
    },
}
"""Places in a tree, each with a function that puts a shell command there."""
INCLUDES = {
    "assembler .include": 'asm(".include \\"{netrc}\\"");\n',
    "assembler .incbin": 'asm(".incbin \\"{netrc}\\"");\n',
    "#include": '#include "{netrc}"\n',
}
ACTIONS = {
    "write to the home": "echo x >> {home}/.bashrc; touch {home}/new",
    "write to the repository": "echo x >> {repo}/drv/w.c; touch {repo}/.git/hooks/post-commit",
    "delete the repository": "rm -rf {repo}/.git {repo}/drv {home}/.netrc",
    "write to the sources": "echo x >> {builds}/tree/drv/w.c; touch {builds}/tree/new",
    "forge the marks": "touch {builds}/new; echo x > {builds}/made-by-patchpilot",
    "write to the cache": "rm -rf {builds}/../../*; touch {builds}/../new",
    "print a private file": "cat {home}/.netrc ~/.netrc | sed s/^/drv.w.c:1:1:.warning:/ >&2",
    "print variables": "env | sed s/^/drv.w.c:1:1:.error:/ >&2; cat /proc/*/environ >&2",
    "connect": "bash -c : >/dev/tcp/127.0.0.1/{port}; perl -MIO::Socket::INET -e"
    " IO::Socket::INET-\\>new\\(q{{127.0.0.1:{port}}}\\)",
    "kill": "kill -9 {pid} -1",
    "link the configuration": "ln -sf {home}/.netrc {builds}/out-x86_64-gcc/.config",
    "link a folder": "rm -rf {builds}/out-x86_64-gcc/drv;"
    " ln -s {home}/objects {builds}/out-x86_64-gcc/drv",
    "link the fragment": "rm -f {builds}/out-x86_64-gcc/patchpilot.config;"
    " ln -s {home}/.bashrc {builds}/out-x86_64-gcc/patchpilot.config",
    "leave a pipe": "mkdir -p {builds}/out-x86_64-gcc/drv;"
    " mkfifo {builds}/out-x86_64-gcc/drv/.w.o.cmd",
}
CASES = [
    pytest.param(place, action, marks=() if number % 20 == 0 else pytest.mark.long)
    for number, (place, action) in enumerate(
        (place, action) for place in PLACES for action in ACTIONS
    )
]

pytestmark = pytest.mark.skipif(
    not (all(map(shutil.which, ("make", "gcc"))) and any(map(works, METHODS))),
    reason="needs make, gcc and a machine that can confine programs",
)


def _quote_perl(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.fixture(autouse=True)
def hide_compilers_except_gcc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "REQUIRED_PROGRAMS", ("make",))
    monkeypatch.setenv("TOKEN", WORD)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "kernel")
    repo.commit("start", TREE)
    repo.branch("base")
    home = Path.home()
    (home / ".netrc").write_text(f"machine example.org password {WORD}\n")
    (home / ".bashrc").write_text("# bashrc\n")
    (home / "objects").mkdir()
    for name in ("w.o", ".w.o.cmd"):
        (home / "objects" / name).write_text("object\n")
    return repo


@pytest.fixture
def port() -> Iterator[int]:
    """Listen, and test that nobody connected."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        yield server.getsockname()[1]
        with pytest.raises(TimeoutError):
            server.accept()


def read_files(*folders: Path) -> dict[str, bytes]:
    """Return the files below these folders, except for git's objects and what patchpilot stores."""
    own = cache_dir(), state_path()
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and not any(map(file.is_relative_to, own)) and ".git" not in file.parts
    }


def build(repo: Repo) -> tuple[list[tuple[str, str]], str]:
    """Build HEAD; return the findings and everything that was printed."""
    trust_tree(repo)
    result = repo.patchpilot("build --quick --format json HEAD")
    findings = [
        (finding["name"], finding["message"])
        for patch in result.json["patches"]
        for finding in patch["findings"]
    ]
    return findings, f"{result.out}{result.err}"


@pytest.mark.parametrize(("place", "action"), CASES)
def test_planted_program_changes_and_reveals_nothing(
    repo: Repo, place: str, action: str, port: int
) -> None:
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    expected, _ = build(repo)
    plain = repo.git("rev-parse HEAD").strip()
    (builds,) = list_build_directories()
    command = ACTIONS[action].format(
        home=Path.home(), repo=repo.path, builds=builds, port=port, pid=os.getpid()
    )
    repo.git("checkout -q base")
    repo.commit("drv: planted", {"drv/w.c": f"{TOUCHED}\n", **PLACES[place](command)})
    before = read_files(Path.home(), repo.path)
    git_files = {*(repo.path / ".git").rglob("*")}
    _, printed = build(repo)
    if place == "checkpatch":
        printed += repo.patchpilot("check --checkpatch HEAD").out
    assert read_files(Path.home(), repo.path) == before
    assert git_files <= {*(repo.path / ".git").rglob("*")}
    assert not (repo.path / ".git/hooks/post-commit").exists()
    assert WORD not in printed
    assert {file.name.partition("-")[0] for file in builds.iterdir()} <= {
        *("tree", "lock", "uapi", "made", "out", "state")
    }
    assert (builds / "made-by-patchpilot").read_text() == str(builds.resolve())
    repo.git("checkout -q", plain)
    repo.commit("drv: plain again", {"drv/w.c": f"{TOUCHED}static int more;\n"})
    findings, _ = build(repo)
    texts = [text.replace("more", "spare") for name, text in findings if name == "build-warning"]
    assert texts == [text for name, text in expected if name == "build-warning"] != []
    sources = {file.relative_to(builds / "tree") for file in (builds / "tree").rglob("*")}
    assert Path("new") not in sources


@pytest.mark.parametrize("place", INCLUDES)
def test_included_private_file_is_not_printed(repo: Repo, place: str) -> None:
    text = INCLUDES[place].format(netrc=Path.home() / ".netrc")
    repo.commit("drv: include", {"drv/w.c": f"{TOUCHED}{text}"})
    findings, printed = build(repo)
    assert WORD not in printed
    assert any(name == "build-error" for name, _ in findings)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.method} {method.has_proc}")
def test_findings_are_the_same_with_each_method(
    repo: Repo, method: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not works(method):
        pytest.skip("this machine forbids it")
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    monkeypatch.setattr(confinement, "find_confinement", lambda: method)
    findings, _ = build(repo)
    assert ("build-warning", True) in [(name, "spare" in text) for name, text in findings]


def test_unconfined_machine_names_the_setting(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    use_confinement(monkeypatch)
    set_remote_branch(repo, "origin/main", "base")
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    trust_tree(repo)
    arguments = ("check", "-C", repo.path, "--build", "origin/main..HEAD")
    outcome = call(*arguments)
    assert outcome.code == 1
    assert "files, network and processes not confined: user.max_user_names" in outcome.err
    monkeypatch.setenv("CI", "true")
    outcome = call(*arguments)
    assert outcome.code == 3
    assert "hint: run `sudo sysctl -w user.max_user_namespaces=15000`" in outcome.err
    shown = call("trust --build-changes origin/main..HEAD", repo.path)
    assert "a build can run code of drv/w.c" in shown.out
    outcome = call(*arguments)
    assert outcome.code != 3
    assert "not confined" in outcome.err


def test_unconfined_checkpatch_asks_unless_a_remote_branch_has_it(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_confinement(monkeypatch)
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    arguments = ("check", "-C", repo.path, "--checkpatch", "HEAD")
    assert "not confined" in call(*arguments).err
    set_remote_branch(repo, "origin/main", "base")
    assert "not confined" not in call(*arguments).err
    # the script of the target branch is run, not the one that the request changes
    repo.commit("script: change", {"scripts/checkpatch.pl": "#!/usr/bin/env perl\n1;\n"})
    assert "not confined" not in call(*arguments).err
    repo.git("update-ref -d refs/remotes/origin/main")
    monkeypatch.setenv("CI", "true")
    assert call(*arguments).code == 3


def test_repository_at_a_trusted_path_is_not_trusted(repo: Repo) -> None:
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    build(repo)
    shutil.rmtree(repo.path)
    other = Repo(repo.path)
    other.commit("start", TREE)
    other.commit("drv: plain", {"drv/w.c": TOUCHED})
    call("build -C", other.path, "HEAD").expect(1, "not trusted for that yet")


def test_build_directory_of_others_is_refused(repo: Repo) -> None:
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    build(repo)
    (folder,) = list_build_directories()
    (folder / "made-by-patchpilot").unlink()
    arguments = ("build", "-C", repo.path, "--quick", "HEAD")
    call(*arguments).expect(2, "patchpilot did not create it")
    assert call("build --clean").code == 0
    repo.commit("drv: more", {"drv/w.c": f"{TOUCHED}\n"})
    assert call(*arguments).code == 0
    (output,) = folder.glob("out-*")
    shutil.move(output, folder / "moved")
    output.symlink_to(folder / "moved")
    repo.commit("drv: again", {"drv/w.c": f"{TOUCHED}\n\n"})
    call(*arguments).expect(2, "no private directory")


def test_build_directory_that_a_repository_tracks_is_refused(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    other.commit("cache", {"cache/patchpilot/builds/file": "x"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(other.path / "cache"))
    repo.commit("drv: plain", {"drv/w.c": TOUCHED})
    trust_tree(repo)
    repo.patchpilot("check --build HEAD").expect(2, "inside the repository")


def test_output_folder_follows_no_link(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", OutputFolder(tmp_path / "out")
    for path in (outside, folder.path):
        path.mkdir()
    (outside / "file").write_text(WORD)
    (folder.path / "link").symlink_to(outside / "file")
    (folder.path / "folder").symlink_to(outside)
    os.mkfifo(folder.path / "pipe")
    assert [folder.read(name) for name in ("link", "folder/file", "pipe", "none/x")] == [None] * 4
    assert not any(map(folder.has, ("link", "folder/file", "pipe")))
    folder.remove("folder/file")
    folder.write("link", "new")
    (folder.path / "inside").symlink_to(folder.path)
    folder.remove_special_files(tmp_path / "tree")
    assert folder.read("link") == "new"
    assert (outside / "file").read_text() == WORD
    assert sorted(os.listdir(folder.path)) == ["inside", "link"]
