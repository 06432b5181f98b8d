# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which semantic patches of a tree are run for a changed file, and what they report."""

import shutil
import tarfile
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from patchpilot.building.semantic_patches import run_scripts, scripts_for, text_around
from patchpilot.commits.confinement import find_confinement
from patchpilot.model.progress import ignore_progress

needs_coccinelle = pytest.mark.skipif(
    shutil.which("spatch") is None, reason="coccinelle is not installed"
)
LINUX = Path("/usr/src/linux-source-6.1.tar.xz")
FOLDER = "scripts/coccinelle"
PLANTED: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("planted_for_semantic_patches.toml").read_text("utf-8")
)
REPORTING = [path for path, planted in PLANTED.items() if "code" in planted]
# two rules contain the function names, and a Python rule is between them
KFREE = """/// Find a use after free.
// Options: --no-includes
virtual report
@free@
expression E;
position p1;
@@
 kfree@p1(E)
@script:python depends on report@
p1 << free.p1;
@@
coccilib.report.print_report(p1[0], "use")
@more depends on report@
expression E;
@@
* vfree(E)
"""
TWICE = "/// twice\n@@\nexpression E;\n@@\n* E || E\n"
FILES = {
    f"{FOLDER}/free/kfree.cocci": KFREE,
    f"{FOLDER}/tests/twice.cocci": TWICE,
}


def make_fake_tree_state(files: dict[str, str]) -> Any:
    return SimpleNamespace(
        files=files,
        read=files.get,
        build_digest="",
        digest=str,
    )


@needs_coccinelle
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\tkfree(one);\n", ["kfree", "twice"]),
        ("\tvfree(one);\n", ["kfree", "twice"]),
        ("\tmy_kfree(one);\n", ["twice"]),
    ],
)
def test_semantic_patch_runs_if_its_keyword_occurs(text: str, names: list[str]) -> None:
    reported = [
        path.rpartition("/")[2].removesuffix(".cocci")
        for path in scripts_for(make_fake_tree_state(FILES), text, ignore_progress)
    ]
    assert reported == names


PYTHON_RULE = """virtual report
@r@
expression E;
position p;
@@
 kfree@p(E)
@script:python depends on report@
p << r.p;
@@
import contextlib, os
with contextlib.suppress(OSError):
    open({home!r} + "/written", "w").close()
with contextlib.suppress(OSError):
    open("written", "w").close()
seen = [os.path.exists({home!r} + "/.netrc"), "TOKEN" in os.environ, len(os.listdir("/proc")) > 90]
coccilib.report.print_report(p[0], str(seen))
"""


@needs_coccinelle
def test_code_in_a_semantic_patch_is_confined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not find_confinement().is_complete:
        pytest.skip("this machine cannot confine programs")
    monkeypatch.setenv("TOKEN", "private")
    home, tree = Path.home(), tmp_path / "tree"
    (home / ".netrc").write_text("password private\n")
    files = {
        f"{FOLDER}/own.cocci": PYTHON_RULE.format(home=str(home)),
        "drv.c": "int x(void) { kfree(1); }\n",
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    state = make_fake_tree_state(files)
    (report,) = run_scripts(tree, state, "drv.c", [f"{FOLDER}/own.cocci"], ignore_progress)
    assert report.text == "[False, False, False] (own.cocci)"
    assert sorted(path.name for path in tree.iterdir()) == ["drv.c", "scripts"]
    assert not (home / "written").exists()


OCAML_RULE = """virtual report
@r@
expression E;
position p;
@@
 kfree@p(E)
@script:ocaml depends on report@
p << r.p;
@@
let it = List.hd p in print_endline (Printf.sprintf "%s:%d:1-2: used" it.file it.line)
"""


@needs_coccinelle
@pytest.mark.skipif(shutil.which("ocamlfind") is None, reason="ocaml-findlib is not installed")
def test_ocaml_rule_of_a_semantic_patch_runs(tmp_path: Path) -> None:
    files = {"own.cocci": OCAML_RULE, "drv.c": "int x(void) { kfree(1); }\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    state = make_fake_tree_state(files)
    (report,) = run_scripts(tmp_path, state, "drv.c", ["own.cocci"], ignore_progress)
    assert report.text == "used (own.cocci)"


@needs_coccinelle
def test_semantic_patch_that_fails_is_named(tmp_path: Path) -> None:
    files = {"own.cocci": "@r@\nexpression\n", "drv.c": "int x;\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    state = make_fake_tree_state(files)
    (report,) = run_scripts(tmp_path, state, "drv.c", ["own.cocci"], ignore_progress)
    assert report.text.startswith("not checked by own.cocci: spatch ended with exit code")


@pytest.fixture(scope="module")
def kernel_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not LINUX.exists():
        pytest.skip(f"{LINUX} is not installed")
    tree_root = tmp_path_factory.mktemp("linux")
    with tarfile.open(LINUX, "r|xz") as archive:
        for member in archive:
            path = member.name.partition("/")[2]
            if path.startswith(f"{FOLDER}/") and member.isfile():
                member.name = path
                archive.extract(member, tree_root, filter="data")
    script_paths = {
        str(path.relative_to(tree_root / FOLDER)) for path in tree_root.rglob("*.cocci")
    }
    assert script_paths == set(PLANTED)
    return tree_root


@pytest.mark.long
@needs_coccinelle
@pytest.mark.parametrize("name", REPORTING)
def test_planted_defect_is_reported_by_its_script(kernel_tree: Path, name: str) -> None:
    script, text, line = (
        f"{FOLDER}/{name}",
        PLANTED[name]["code"],
        PLANTED[name]["line"],
    )
    rules = (kernel_tree / script).read_text("utf-8")
    if "ocaml@" in rules and not shutil.which("ocamlopt"):
        pytest.skip("ocaml-nox is not installed")
    (kernel_tree / "drv.c").write_text(text, "utf-8")
    tree = make_fake_tree_state({script: rules, "drv.c": text})
    assert list(scripts_for(tree, text_around(text, [line]), ignore_progress)) == [script]
    report = run_scripts(kernel_tree, tree, "drv.c", [script], ignore_progress)
    assert line in {diagnostic.line for diagnostic in report}
