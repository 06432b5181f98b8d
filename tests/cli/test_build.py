# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot build` on a small tree whose Makefile accepts the kernel's make targets."""

import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from patchpilot.batch.builds import build_commits
from patchpilot.building import configuration, make_objects
from patchpilot.building.configuration import host_arch
from patchpilot.building.plan import BuildOptions
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import Workspace, list_build_directories
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.build_trust import list_build_changes, make_build_trust_item
from patchpilot.commits.private_config import trust_digests
from patchpilot.commits.repository import Repository
from patchpilot.errors import CancelledError, GitError
from patchpilot.model.built_commit import (
    BuiltCommit,
    BuiltConfiguration,
    list_tested_architectures,
)
from tests.kit.cli import call
from tests.kit.confinement import use_confinement
from tests.kit.repos import Repo

MAKEFILE = """VERSION = 6
PATCHLEVEL = 6
olddefconfig:
allnoconfig:
\t@cat $(KCONFIG_ALLCONFIG) > $(O)/.config
%.o: %.c
\t@mkdir -p $(O)/$(@D)
\t@echo '  CC      $@'
\t@$(CC) -I$(CURDIR) -Wall -Wmissing-prototypes -c $(abspath $<) -o $(O)/$@
"""
DRIVER = "int work(void);\n\nint work(void)\n{\n\tint old;\n\n\treturn 1;\n}\n"
KERNEL = {
    "Kbuild": "\n",
    "Kconfig": 'config DEBUG_SECTION_MISMATCH\n\tbool "All"\nconfig DRV\n\tbool "Drv"\n',
    "MAINTAINERS": "\n",
    "init/main.c": "\n",
    "kernel/fork.c": "\n",
    "Makefile": MAKEFILE,
    "drv/Makefile": "obj-$(CONFIG_DRV) += w.o user.o\n",
    "drv/w.c": DRIVER,
    "drv/w.h": "int helper(int one);\n",
    "drv/user.c": '#include "w.h"\n\nint use(void);\nint use(void) { return helper(1); }\n',
}

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("make", "gcc"))), reason="needs make and gcc"
)


@pytest.fixture(autouse=True)
def hide_compilers_except_gcc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "REQUIRED_PROGRAMS", ("make",))


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    use_confinement(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "kernel")
    repo.commit("start", KERNEL)
    repo.git("branch base")
    return repo


def set_remote_branch(repo: Repo, ref: str, commit: str = "HEAD") -> None:
    """Set a remote-tracking branch of the configured remote "origin"."""
    repo.git("config remote.origin.fetch +refs/heads/*:refs/remotes/origin/*")
    repo.git("update-ref", f"refs/remotes/{ref}", commit)


def trust_tree(repo: Repo) -> None:
    command = make_build_trust_item(repo.path)
    trust_digests({command.digest: command.label})


def build_branch(
    repo: Repo, *words: str, targets: tuple[str, ...] = ("HEAD",)
) -> tuple[list[dict[str, Any]], str]:
    """Build the branch. Return each finding with the subject of its commit, and the notes."""
    trust_tree(repo)
    arguments = ("build", "-C", repo.path, "--quick", *words, "--format", "json")
    result = call(*arguments, *targets)
    assert result.out, result.err
    document = json.loads(result.out)
    return [
        {**finding, "subject": patch["subject"]}
        for patch in document["patches"]
        for finding in patch["findings"]
    ], result.err


def test_second_run_compiles_nothing(
    repo: Repo,
) -> None:
    repo.commit(
        "drv: move",
        {"drv/w.c": DRIVER.replace("\tint old;", "\n\n\tint old;\n\tint mine;")},
    )
    (finding,), notes = build_branch(repo)
    assert (finding["name"], finding["line"]) == ("build-warning", 8)
    assert "2 objects compiled" in notes
    repo.git("commit -q --amend -m 'drv: other words'")
    (second_finding,), notes = build_branch(repo)
    assert second_finding["message"] == finding["message"]
    assert "0 objects compiled, 2 known" in notes
    # the build creates no files in the user's tree
    assert repo.git("status --porcelain --ignored") == ""


def test_new_warning_on_a_moved_line_is_reported(repo: Repo) -> None:
    unused = "\tint not_used_here;\n"
    hidden = DRIVER.replace("\tint old;\n", f"#if 0\n{unused}#endif\n")
    repo.commit("drv: hide", {"drv/w.c": hidden})
    repo.commit("drv: show", {"drv/w.c": DRIVER.replace("\tint old;\n", f"  {unused}")})
    (finding,), _ = build_branch(repo)
    assert "not_used_here" in finding["message"]


def find_build_positions(repo: Repo, *targets: str) -> list[tuple[str, str, int]]:
    findings, _ = build_branch(repo, targets=targets)
    return [(finding["subject"], finding["path"], finding["line"]) for finding in findings]


def test_uncommitted_changes_are_built_last(repo: Repo) -> None:
    repo.commit("drv: add a user", {"drv/w.c": f"{DRIVER}static int spare;\n"})
    index = repo.path.joinpath(".git", "index").read_bytes()
    repo.path.joinpath("drv/w.c").write_text(f"{DRIVER}static int spare;\nstatic int more;\n")
    last = ("uncommitted changes", "drv/w.c", 10)
    assert find_build_positions(repo, "--base", "base") == [
        ("drv: add a user", "drv/w.c", 9),
        last,
    ]
    assert find_build_positions(repo, str(repo.path / "drv")) == [last]
    assert repo.path.joinpath(".git", "index").read_bytes() == index


def test_patch_files_are_built_on_their_base(repo: Repo) -> None:
    repo.commit("drv: 1", {"drv/w.c": f"{DRIVER}static int n;\n"})
    repo.git("format-patch -q -o out base")
    file = str(next(repo.path.glob("out/*.patch")))
    assert find_build_positions(repo, "--base", "base", file) == [("drv: 1", "drv/w.c", 9)]


def test_later_commit_is_reported_as_missing(repo: Repo) -> None:
    user = '#include "w.h"\n\nint use(void);\nint use(void) { return helper(%s); }\n'
    repo.commit("drv: change the helper", {"drv/w.h": "int helper(int one, int two);\n"})
    repo.commit("drv: change its users", {"drv/user.c": user % "1, 2"})
    repo.commit("drv: break it", {"drv/user.c": user % "1, two"})
    findings, _ = build_branch(repo, targets=("base..HEAD",))
    first, last = [finding for finding in findings if finding["severity"] != "note"]
    assert (first["name"], first["path"]) == ("build-broken-commit", "drv/w.h")
    assert first["message"].endswith('repaired by patch 2, "drv: change its users"')
    assert (last["name"], last["subject"]) == ("build-error", "drv: break it")


@pytest.mark.usefixtures("unconfined")
def test_untrusted_tree_runs_nothing(repo: Repo, tmp_path: Path) -> None:
    touched_folder = tmp_path / "touched"
    hostile = f"$(shell touch {touched_folder})\n{MAKEFILE}"
    repo.commit("drv: evil", {"Makefile": hostile, "drv/w.c": f"{DRIVER}\n"})
    for arguments in (("build",), ("check", "--build")):
        outcome = call(*arguments, "-C", repo.path, "HEAD")
        assert outcome.code == 1
        assert "is not trusted for that yet" in outcome.err
        assert f"`patchpilot trust --build {repo.path}`" in outcome.err
    assert not touched_folder.exists()
    assert call("trust --build", repo.path).code == 0
    blocked = repo.patchpilot("build --quick HEAD")
    assert blocked.code == 1
    assert "files, network and processes not confined" in blocked.err
    assert "`patchpilot trust --build-changes RANGE`" in blocked.err
    assert not touched_folder.exists()
    changes = call("trust --build-changes base..HEAD", repo.path)
    assert f"Makefile: +$(shell touch {touched_folder})" in changes.out
    repo.patchpilot("build --quick HEAD")
    assert touched_folder.exists()
    assert "no longer trusted" in call("trust --revoke", repo.path).err
    assert "not trusted" in repo.patchpilot("build HEAD").err


def test_cache_in_the_working_tree_is_not_used(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    trust_tree(repo)
    monkeypatch.setenv("XDG_CACHE_HOME", str(repo.path / ".cache"))
    repo.commit("drv: touch", {"drv/w.c": f"{DRIVER}\n"})
    outcome = repo.patchpilot("check --build HEAD")
    assert (outcome.code, "it is inside the repository" in outcome.err) == (2, True)
    assert "set XDG_CACHE_HOME" in outcome.err
    assert not (repo.path / ".cache/patchpilot/builds").exists()


@pytest.mark.parametrize(
    "path",
    [
        "Kconfig",
        "drv/Kconfig.debug",
        "drv/Kbuild",
        "drv/Makefile.in",
        "scripts/a.c",
        "drv/tools/b.c",
        "drv/gen_table.c",
        "drv/run.sh",
        "drv/rules.mk",
    ],
)
@pytest.mark.usefixtures("unconfined")
def test_untrusted_build_script_is_not_run(repo: Repo, path: str) -> None:
    repo.commit("drv: add", {path: "x\n"})
    (change,) = list_build_changes(repo.path, repo.path, "HEAD")
    assert change.text.startswith(f"{path} changes\n")
    assert change.text.endswith(f"{path}: +x")
    repo.commit("drv: hidden", {".gitattributes": "* -diff\n", path: "y\n"})
    (change,) = list_build_changes(repo.path, repo.path, "HEAD")
    assert f"{path}: +y" in change.text


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("action", ["earlier commit", "merge", "only before"])
def test_trust_covers_only_remote_build_files(repo: Repo, tmp_path: Path, action: str) -> None:
    touched_folder = tmp_path / "touched"
    set_remote_branch(repo, "origin/main", "base")
    evil = {"Makefile": f"$(shell touch {touched_folder})\n{MAKEFILE}"}
    if action == "merge":
        repo.git("checkout -q -b side")
        repo.commit("drv: side", {"side": ""})
        repo.git("checkout -q -")
        repo.commit("drv: ours", {"ours": ""})
        repo.git("merge -q --no-commit --no-ff side")
    repo.commit("drv: something else", evil)
    repaired = {"Makefile": MAKEFILE} if action == "only before" else {}
    repo.commit("drv: innocent", {"drv/w.c": f"{DRIVER}\n", **repaired})
    trust_tree(repo)
    arguments = ("build", "-C", repo.path, "--quick", "HEAD", "--format", "json")
    call(*arguments).expect(1, "not confined")
    assert not touched_folder.exists()
    revision_range = "HEAD~..HEAD"
    output = call("trust --build-changes", revision_range, repo.path).out
    assert f"Makefile: +$(shell touch {touched_folder})" in output
    call(*arguments)
    assert touched_folder.exists()


def commit_hostile_merge(repo: Repo, touched: Path) -> None:
    """Create a merge that changes a makefile, and an innocent commit on top."""
    repo.branch("side")
    repo.commit("drv: side", {"side": ""})
    repo.checkout("-")
    repo.commit("drv: ours", {"ours": ""})
    repo.git("merge -q --no-commit --no-ff side")
    repo.commit("drv: merge", {"Makefile": f"$(shell touch {touched})\n{MAKEFILE}"})
    repo.commit("drv: innocent", {"drv/w.c": f"{DRIVER}\n"})


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("ref", "target"),
    [
        ("pull/1/merge", "origin/main..HEAD"),
        ("origin/pr/1", "HEAD"),
        ("origin/topic", "origin/main..HEAD"),
        ("origin/topic", "HEAD"),
    ],
)
def test_request_in_ci_does_not_trust_itself(
    repo: Repo, ref: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_remote_branch(repo, "origin/main")
    commit_hostile_merge(repo, touched := tmp_path / "touched")
    # actions/checkout creates the first, and Jenkins fetches into the second
    set_remote_branch(repo, ref)
    pulls = "+refs/pull/*/head:refs/remotes/origin/pr/*"
    repo.git("config --add remote.origin.fetch", pulls)
    monkeypatch.setenv("CI", "true")
    trust_tree(repo)
    result = call("check --build --format json -C", repo.path, target)
    assert result.code == 3
    assert "files, network and processes not confined" in result.err
    assert "sudo sysctl -w user.max_user_namespaces=15000" in result.err
    assert not touched.exists()


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("ref", ["pull/1/merge", "origin/topic"])
def test_range_does_not_trust_itself(repo: Repo, ref: str, tmp_path: Path) -> None:
    set_remote_branch(repo, "origin/main")
    commit_hostile_merge(repo, touched := tmp_path / "touched")
    set_remote_branch(repo, ref)
    trust_tree(repo)
    repo.patchpilot("build origin/main..HEAD").expect(1, "not confined")
    assert not touched.exists()
    trusted = call("trust --build-changes origin/main..HEAD", repo.path)
    assert f"Makefile: +$(shell touch {touched})" in trusted.out
    build_branch(repo, targets=("origin/main..HEAD",))
    assert touched.exists()


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("ref", ["", "pull/1/merge", "origin/topic"])
def test_build_in_ci_without_trusted_base_is_refused(
    repo: Repo, ref: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_hostile_merge(repo, touched := tmp_path / "touched")
    if ref:
        set_remote_branch(repo, ref)
    trust_tree(repo)
    monkeypatch.setenv("CI", "true")
    for command in ("build", "check --build"):
        call(command, "-C", repo.path, "HEAD").expect(3, "no branch of a remote")
    assert not touched.exists()


def test_plain_request_is_built_in_ci(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    set_remote_branch(repo, "origin/main")
    repo.commit("drv: add", {"drv/w.c": f"{DRIVER}static int spare;\n"})
    set_remote_branch(repo, "origin/topic")
    monkeypatch.setenv("CI", "true")
    for target in ("origin/main..HEAD", "HEAD"):
        (finding,), _ = build_branch(repo, targets=(target,))
        assert (finding["name"], finding["line"]) == ("build-warning", 9)


def test_checkout_does_not_follow_symlinks(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.c").write_text("mine")

    def write_object(object_type: str, content: bytes) -> str:
        file = tmp_path / "object"
        file.write_bytes(content)
        git_arguments = (
            "hash-object",
            "-w",
            "-t",
            object_type,
            "--literally",
            str(file),
        )
        return repo.git(*git_arguments).strip()

    def write_commit(content: bytes, *parents: str) -> str:
        def format_tree_entry(mode: bytes, name: bytes, object_id: str) -> bytes:
            return mode + b" " + name + b"\0" + bytes.fromhex(object_id)

        folder = write_object(
            "tree", format_tree_entry(b"100644", b"x.c", write_object("blob", content))
        )
        link = write_object("blob", str(outside).encode())
        tree = write_object(
            "tree",
            format_tree_entry(b"40000", b"d", folder) + format_tree_entry(b"120000", b"d", link),
        )
        parent_options = [argument for parent in parents for argument in ("-p", parent)]
        return repo.git("commit-tree -m 'd: change'", *parent_options, tree).strip()

    first_commit = write_commit(b"first")
    second_commit = write_commit(b"second", first_commit)
    workspace = Workspace(tmp_path / "place")
    with Repository.open(repo.path) as repository:
        for revision in (first_commit, second_commit):
            with suppress(GitError):
                workspace.checkout(repository, TreeState(repository, revision))
    assert (outside / "x.c").read_text() == "mine"


def test_checkout_contains_only_matching_files(repo: Repo, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "place")
    workspace.narrow(["lib\udcff/a.c", "d*/b.c", "drv/w.c"], ["x86"])
    assert not re.fullmatch(workspace.pattern, "dx/b.c")
    (repo.path / "drv" / "link").symlink_to("w.c")
    repo.commit("drv: add a link", {"lib/a.c": "", "drv/w.c": "int w;\n"})
    with Repository.open(repo.path) as repository:
        first, second = (
            TreeState(repository, repository.resolve(name)) for name in ("HEAD~", "HEAD")
        )
        for state, files in (
            (first, {"w.c", "w.h"}),
            (second, {"w.c", "link"}),
        ):
            workspace.checkout(repository, state)
            assert files <= {file.name for file in (workspace.tree / "drv").iterdir()}
        workspace.narrow(["lib/a.c"], ["x86"])
        workspace.checkout(repository, second)
    assert not (workspace.tree / "drv" / "w.c").exists()


@pytest.mark.usefixtures("unconfined")
def test_remote_build_files_are_hidden(repo: Repo) -> None:
    repo.commit("drv: upstream", {"Makefile": f"# new\n{MAKEFILE}"})
    set_remote_branch(repo, "origin/main")
    repo.commit("drv: plain", {"drv/w.c": f"{DRIVER}\n"})
    (change,) = list_build_changes(repo.path, repo.path, "HEAD")
    assert change.text == "a build can run code of drv/w.c"


@pytest.mark.usefixtures("unconfined")
def test_canceled_build_leaves_no_process(repo: Repo, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    slow = f"{MAKEFILE}\t@echo $$$$ > {mark}; sleep 60\n"
    repo.commit("drv: slow", {"Makefile": slow, "drv/w.c": f"{DRIVER}\n"})
    assert call("trust --build-changes base..HEAD", repo.path).code == 0

    def raise_canceled(what: str, done: int = 0, total: int | None = None) -> None:
        if mark.exists() and mark.read_text():
            raise CancelledError

    source, build = PatchSource(("HEAD",)), BuildOptions(quick=True)
    with Repository.open(repo.path) as repository, pytest.raises(CancelledError):
        Driver(repository=repository, progress=raise_canceled).check_source(source, build=build)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert repo.git("status --porcelain --ignored") == ""


@pytest.mark.parametrize(
    "path",
    [
        "-k.c",
        "drv/CC=x.c",
        "drv/a b.c",
        "drv/$(id).c",
        "arch/arm/boot/dts/-fx.dts",
    ],
)
def test_path_is_not_a_make_option(repo: Repo, path: str) -> None:
    repo.commit("drv: odd", {path: DRIVER})
    (finding,), notes = build_branch(repo)
    assert finding["message"] == f"{path!r} was not built: its name"
    assert "nothing was built" in notes


def test_devicetree_is_rebuilt_for_its_include(repo: Repo) -> None:
    soc = "arch/arm64/boot/dts/v/soc.dtsi"
    blob = """%.dtb:
\t@mkdir -p $(O)/arch/arm64/boot/dts/v
\t@echo '  DTC     arch/arm64/boot/dts/v/$(@F)'
\t@if grep -q bad arch/arm64/boot/dts/v/soc.dtsi; then \\
\techo '$(CURDIR)/arch/arm64/boot/dts/v/soc.dtsi:2.2-3.4: Warning (unit): /bad@1: no reg'; fi
\t@cp arch/arm64/boot/dts/v/$(*F).dts $(O)/arch/arm64/boot/dts/v/$(@F)
"""
    files = {
        "Makefile": MAKEFILE + blob,
        soc: "/ {\n};\n",
        "arch/arm64/boot/dts/v/module.dtsi": '#include "soc.dtsi"\n',
        "arch/arm64/boot/dts/v/board.dts": '/include/ "module.dtsi"\n',
    }
    repo.commit("a board", files)
    repo.commit("dts: a node", {soc: "/ {\n\tbad@1 {};\n};\n"})
    (finding,), _ = build_branch(repo)
    assert (finding["path"], finding["line"]) == (soc, 2)
    assert "/bad@1: no reg (arm64 gcc)" in finding["message"]


def test_unreadable_kconfig_is_an_error(repo: Repo) -> None:
    reads = (
        "allnoconfig:\n"
        "\t@! grep -n boool Kconfig || { echo 'Kconfig:2: syntax error' >&2; exit 1; }\n"
    )
    repo.commit("read it", {"Makefile": MAKEFILE.replace("allnoconfig:\n", reads)})
    repo.git("branch -f base")
    repo.commit("drv: break it", {"Kconfig": 'config DRV\n\tboool "Drv"\n'})
    assert call("trust --build-changes base..HEAD", repo.path).code == 0
    for _ in range(2):
        (finding,), _ = build_branch(repo)
        assert (finding["name"], finding["line"]) == ("build-error", 2)
        assert finding["message"].endswith("Kconfig cannot be read: syntax error")
    repo.commit("drv: repair it", {"Kconfig": f"{KERNEL['Kconfig']}\n"})
    assert call("trust --build-changes base..HEAD", repo.path).code == 0
    findings, _ = build_branch(repo, targets=("base..HEAD",))
    assert [finding["subject"] for finding in findings] == ["drv: break it"]


def test_undefined_kconfig_symbol_is_a_warning(repo: Repo) -> None:
    guards = "#ifdef CONFIG_DRV\n#endif\n#ifdef CONFIG_TYPO\n#endif\n"
    repo.commit("drv: guard", {"drv/w.c": f"{DRIVER}{guards}"})
    assert find_build_positions(repo, "HEAD") == [("drv: guard", "drv/w.c", 11)]
    selects = 'config LIB\n\tbool\n\tdepends on BUS\nconfig BUS\n\tbool "Bus"\n'
    repo.commit("drv: lib", {"Kconfig": f"{KERNEL['Kconfig']}\tselect LIB\n{selects}"})
    (finding,), _ = build_branch(repo)
    assert finding["line"] == 5


def test_user_space_header_is_compiled_separately(repo: Repo) -> None:
    text = "#include <linux/compiler.h>\nextern int __user *fine;\nextern u32 new;\n"
    repo.commit("frob: grow", {"include/uapi/frob.h": text})
    assert find_build_positions(repo, "HEAD") == [("frob: grow", "include/uapi/frob.h", 3)]


def test_slow_header_does_not_stop_the_build(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_objects, "_HEADER_TIMEOUT", 0.001)
    repo.commit("frob: grow", {"include/uapi/frob.h": "int frob;\n"})
    ((_, path, _),) = find_build_positions(repo, "HEAD")
    assert path == "include/uapi/frob.h"


def test_directory_replaced_by_a_symlink_does_not_stop_the_build(repo: Repo) -> None:
    repo.path.joinpath("drv/w.c").write_text(f"{DRIVER}static int spare;\n")
    repo.path.joinpath("init").rename(repo.path / "moved")
    repo.path.joinpath("init").symlink_to("moved")
    assert find_build_positions(repo) == [("uncommitted changes", "drv/w.c", 9)]


def test_given_configuration_is_not_modified(repo: Repo, tmp_path: Path) -> None:
    config = tmp_path / "own.config"
    config.write_text("CONFIG_DRV=y\n")
    repo.commit(
        "drv: warn",
        {"drv/w.c": DRIVER.replace("\tint old;", "\tint old;\n\tint mine;")},
    )
    ((finding,), notes) = build_branch(repo, "--config", str(config))
    assert finding["message"].endswith(
        "[-Wunused-variable] (x86_64 gcc .config)".replace("x86_64", host_arch())
    )
    assert "gcc .config" in notes
    assert config.read_text() == "CONFIG_DRV=y\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("int exported(void);\nint use(void) { return exported(); }\n", ""),
        ("int sibling(void);\nint use(void) { return sibling(); }\n", ""),
        (
            "int hidden(void);\nint use(void) { return hidden(); }\n",
            "undefined symbol 'hidden' (gcc): init/main.c does not export it",
        ),
        (
            "int forgotten(void);\nint use(void) { return forgotten(); }\n",
            "undefined symbol 'forgotten' (gcc): drv/lost.c defines it,"
            " and no Makefile names its object",
        ),
    ],
)
def test_unexported_symbol_is_an_error(repo: Repo, text: str, problem: str) -> None:
    makefile = "obj-$(CONFIG_DRV) += drv.o\ndrv-y := w.o user.o\n"
    repo.commit(
        "base",
        {
            "drv/Makefile": makefile,
            "drv/lost.c": "int forgotten(void)\n{\n}\n",
            "drv/w.c": "int sibling(void)\n{\n}\n",
            "init/Makefile": "obj-y := main.o\n",
            "init/main.c": "int hidden(void)\n{\n}\nEXPORT_SYMBOL(exported);\n",
        },
    )
    repo.commit("drv: use", {"drv/user.c": text})
    findings, _ = build_branch(repo)
    messages = [
        finding["message"].replace(f"{host_arch()} ", "")
        for finding in findings
        if finding["name"] == "build-modpost"
    ]
    assert messages == ([problem] if problem else [])


def test_build_output_can_be_deleted(repo: Repo) -> None:
    repo.commit("drv: touch", {"drv/w.c": f"{DRIVER}\n"})
    build_branch(repo)
    (settings,) = list_build_directories()[0].glob("out-*/patchpilot.config")
    assert "CONFIG_DEBUG_SECTION_MISMATCH=y" in settings.read_text()
    doctor = " ".join(repo.patchpilot("doctor --offline").out.split())
    assert re.search(r"build: 1 directory with \d+ MiB of objects; `patchpilot", doctor)
    assert "deleted 1 directory" in call("build --clean").err


def test_build_note_is_dropped_if_the_commit_changes(
    repo: Repo,
) -> None:
    repo.git("remote add origin", str(repo.path))
    repo.git("switch -q -c topic")
    repo.commit("drv: touch\n\nSigned-off-by: A <a@example.org>", {"drv/w.c": f"{DRIVER}\n"})
    options = ("-C", repo.path, "--base", "base")
    blocked = call("draft", *options, "--note-build")
    assert "not every commit of the topic was built" in blocked.err
    assert "patchpilot build" in blocked.err
    build_branch(repo)

    def preview_send() -> str:
        result = call("send", *options, "--dry-run", "--to", "a@example.org", "--verbose")
        return result.out + result.err

    assert "built in 1 configuration, nothing new" in preview_send()
    last = "last build: built in 1 configuration, nothing new"
    assert last in call("check", *options).err
    assert "Compile-tested: " not in preview_send()
    assert call("draft", *options, "--note-build").code == 0
    assert re.search(r"---\nCompile-tested: [\w-]+, W=1", preview_send())
    words = "drv: touch it\n\nSigned-off-by: A <a@b.cd>"
    repo.git("commit -q --amend -m", words)
    assert "Compile-tested: " in preview_send()
    (repo.path / "drv/w.c").write_text(f"{DRIVER}\n\n", "utf-8")
    repo.git("commit -q -a --amend --no-edit")
    assert "Compile-tested: " not in preview_send()
    repo.git("reset -q --hard HEAD@{1}")
    assert "Compile-tested: " in preview_send()
    assert call("draft", *options, "--no-note-build").code == 0
    assert "Compile-tested: " not in preview_send()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("drv/off.c", "drv/off.c was not built: no Makefile names its object"),
        ("Documentation/drv.rst", "nothing was built: no object file is affected"),
    ],
)
def test_send_states_why_a_commit_could_not_be_built(repo: Repo, path: str, reason: str) -> None:
    repo.git("remote add origin", str(repo.path))
    repo.git("switch -q -c topic")
    repo.commit("drv: add\n\nSigned-off-by: A <a@example.org>", {path: "\n"})

    def list_build_warnings() -> list[tuple[str, str, str]]:
        options = ("-C", repo.path, "--base", "base", "--to", "a@example.org", "--dry-run")
        document = json.loads(call("send", *options, "--format", "json").out)
        return [
            (warning["name"], warning["message"], warning["hint"])
            for warning in document["warnings"]
            if "-buil" in warning["name"]
        ]

    ((name, _, hint),) = list_build_warnings()
    assert (name, "patchpilot build" in hint) == ("not-built", True)
    build_branch(repo)
    # a second build would have the same result
    assert list_build_warnings() == [("not-buildable", reason, "")]
    repo.commit("drv: touch\n\nSigned-off-by: A <a@example.org>", {"drv/w.c": f"{DRIVER}\n"})
    ((name, *_),) = list_build_warnings()
    assert name == "not-built", "the new commit was not tried"


def test_summary_names_every_configuration() -> None:
    def make_built_commit(*names: str, builds: bool = True, sparse: bool = False) -> BuiltCommit:
        rows = tuple(
            BuiltConfiguration(name, "gcc", "smallest", ("a.c",), (), sparse) for name in names
        )
        return BuiltCommit("0" * 40, builds, rows)

    two_arches, one_arch = (
        make_built_commit("arm64", "x86_64", sparse=True),
        make_built_commit("x86_64"),
    )
    assert list_tested_architectures([two_arches]) == "arm64 and x86-64, W=1, sparse"
    assert list_tested_architectures([two_arches, one_arch]) == "x86-64, W=1"
    for incomplete in (
        None,
        make_built_commit("x86_64", builds=False),
        make_built_commit(),
    ):
        assert list_tested_architectures([two_arches, incomplete]) == ""


def test_work_is_divided_among_workers(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    from distributed import Client, LocalCluster

    trust_tree(repo)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo.commit("drv: touch", {"drv/w.c": f"{DRIVER}\n"})
    repo.commit("drv: warn", {"drv/w.c": DRIVER.replace("int old;", "int old, mine;")})
    commits = repo.git("rev-list --reverse base..HEAD").split()
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(setattr, configuration, "REQUIRED_PROGRAMS", ("make",))
        units = list(build_commits(client, repo.path, commits, quick=True))
    findings_by_commit = {
        unit.commit: [finding.name for finding in unit.findings] for unit in units
    }
    assert findings_by_commit == {commits[0]: [], commits[1]: ["build-warning"]}
    assert all(unit.built.builds for unit in units)
    # each worker has its own build directory, so that workers do not wait for each other
    assert list((tmp_path / "cache").glob("patchpilot/builds/*-worker-*"))
