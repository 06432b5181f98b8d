# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which rules run, which rules a profile changes, and that compiled packs are cached."""

import re
from pathlib import Path

import pytest

from patchpilot.cache.entries import cache_dir
from patchpilot.errors import PackError, UsageError
from patchpilot.lint import rule_store
from patchpilot.lint.rule_store import (
    find_rule_detector,
    load_packs,
    load_rules,
    read_pack,
)
from patchpilot.lint.selection import adjust_rules, choose_rules, is_in_force
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Severity
from patchpilot.projects.loading import detect, find_project, projects
from tests.kit.snippets import MemoryTree, build_file_diff, mail

NEW = (6, 18)


def test_rule_is_selected_by_any_name() -> None:
    rules = load_rules()
    for word in ("TAG001", "tag001", "missing-fixes", "tags"):
        assert any(
            rule.name == "missing-fixes"
            for rule in choose_rules(rules, kernel=NEW, profile="linux", select=[word])
        )
    some = next(rule for rule in rules if rule.checkpatch and is_in_force(rule, NEW, "linux"))
    assert some in choose_rules(rules, kernel=NEW, profile="linux", select=[str(some.checkpatch)])


def test_ignored_rule_does_not_run() -> None:
    chosen = choose_rules(
        load_rules(), kernel=NEW, profile="linux", ignore=["tags", "missing-prefix"]
    )
    assert not [rule for rule in chosen if rule.pack == "tags" or rule.name == "missing-prefix"]
    assert chosen


def test_rule_severity_can_be_raised() -> None:
    rules = load_rules()
    (chosen,) = choose_rules(
        rules, kernel=NEW, profile="linux", select=["Sizeof-Without-Parentheses"]
    )
    linux = find_project("linux")
    style = linux.style._replace(severity={"sizeof-without-parentheses": "error"})
    raised = next(
        rule for rule in adjust_rules(rules, linux._replace(style=style)) if rule.id == chosen.id
    )
    assert (chosen.severity, raised.severity) == (Severity.WARNING, Severity.ERROR)


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        choose_rules(load_rules(), kernel=NEW, profile="linux", select=["mising-fixes"])
    assert (
        error.value.hint
        == "did you mean 'missing-fixes'? run `patchpilot explain` to list the rules"
    )


def test_rules_depend_on_the_kernel_version() -> None:
    def list_rule_names(kernel: tuple[int, int]) -> set[str]:
        return {rule.name for rule in choose_rules(load_rules(), kernel=kernel, profile="linux")}

    assert "report-without-closes" not in list_rule_names((6, 1))
    assert "report-without-closes" in list_rule_names(NEW)


def test_every_rule_names_an_existing_detector() -> None:
    for rule in load_rules():
        assert callable(find_rule_detector(rule).function)


def test_compiled_pack_matches_its_source() -> None:
    rules = (rule for pack in load_packs() for rule in pack.rules)
    fresh = tuple(rule._replace(origin="") for rule in rules)
    assert load_rules() == fresh
    assert [file for file in cache_dir().iterdir() if file.name.startswith("rules-")]
    assert load_rules() == fresh


def test_damaged_compiled_pack_is_rebuilt() -> None:
    good = load_rules()
    for file in cache_dir().iterdir():
        file.write_bytes(b"rubbish")
    assert load_rules() == good


def test_user_pack_cannot_reuse_a_name(tmp_path: Path) -> None:
    shipped = next(rule for rule in load_rules() if rule.name == "missing-fixes")
    pack = (Path(rule_store.__file__).parents[2] / "checks" / "tags.toml").read_text()
    # other rules use lookaround within repeats, which only shipped packs may use
    (text,) = (
        f"[[rule]]{table}"
        for table in pack.split("[[rule]]")[1:]
        if f'name = "{shipped.name}"' in table
    )
    our_file = tmp_path / "ours.toml"
    user_pack = re.sub(r"^aliases = .*\n", "", text, flags=re.MULTILINE)
    our_file.write_text(user_pack.replace("TAG0", "OUR0").replace('name = "', 'name = "our-'))
    assert any(
        rule.name == "our-missing-fixes" and rule.pack == "ours"
        for rule in load_rules([read_pack(our_file)])
    )
    our_file.write_text(text)
    with pytest.raises(PackError, match=shipped.id):
        load_rules([read_pack(our_file)])


def test_profiles_name_existing_rules() -> None:
    words = {word for rule in load_rules() for word in rule.words}
    for profile in projects().values():
        assert set(profile.style.ignore) <= words, profile.name
        assert set(profile.style.severity) <= words, profile.name


def test_netdev_inherits_from_linux() -> None:
    netdev = find_project("netdev")
    assert netdev.inherits == "linux"
    assert netdev.lists.stable == find_project("linux").lists.stable
    rules = adjust_rules(load_rules(), netdev)
    assert next(rule for rule in rules if rule.name == "missing-fixes").severity is Severity.WARNING
    assert not [rule for rule in rules if rule.name == "missing-stable"]


def test_linux_rules_apply_to_its_own_profiles_only() -> None:
    ours = [rule for rule in load_rules() if "linux" in rule.profiles]
    assert ours
    for rule in ours:
        assert is_in_force(rule, NEW, "linux") == is_in_force(rule, NEW, "netdev"), rule.name
    linux_rule = ours[0]._replace(profiles=("linux",), since=None, until=None)
    assert {name: is_in_force(linux_rule, NEW, name) for name in projects()} == {
        name: name in ("linux", "netdev", "downstream", "android") for name in projects()
    }
    netdev = linux_rule._replace(profiles=("netdev",))
    assert {name for name in projects() if is_in_force(netdev, NEW, name)} == {"netdev"}
    assert {
        name for name in projects() if is_in_force(linux_rule._replace(profiles=()), NEW, name)
    } == set(projects())


def test_rule_applies_to_a_kernel_range() -> None:
    rule = load_rules()[0]._replace(profiles=(), since=(5, 10), until=(6, 1))
    assert [
        is_in_force(rule, version, "linux") for version in ((5, 9), (5, 10), (6, 0), (6, 1), (6, 2))
    ] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_unknown_profile_suggests_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        find_project("uboot")
    assert error.value.hint == "did you mean 'u-boot'?"


@pytest.mark.parametrize("name", ["linux", "u-boot", "dpdk", "xen"])
def test_profile_is_detected_from_the_tree(name: str) -> None:
    assert (
        detect(
            MemoryTree(dict.fromkeys((*find_project(name).tree_has[0], "COPYING"), "")),
            [],
        ).name
        == name
    )


@pytest.mark.parametrize(
    ("subject", "path", "name"),
    [
        ("frob: mend it", "drivers/frob/frob.c", "linux"),
        ("[PATCH net-next] frob: mend it", "drivers/net/frob.c", "netdev"),
        ("net/frob: mend it", "lib/ethdev/frob.c", "dpdk"),
        ("board: frob: mend it", "board/frob/two/board.c", "u-boot"),
        ("x86: mend it", "xen/arch/x86/frob.c", "xen"),
    ],
)
def test_patch_identifies_its_project(subject: str, path: str, name: str) -> None:
    patch = parse_patch(
        mail(subject, "Mend it.", build_file_diff(path, " a\n+b\n c")).encode(),
        "x.patch",
    )
    assert detect(None, [patch]).name == name
