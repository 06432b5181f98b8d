# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the shipped projects.

The tests cover inheritance, the validation of keys, and that the code uses each key.
"""

import ast
import re
from typing import Any

import pytest

from patchpilot.cache.entries import read_shipped_tables
from patchpilot.errors import PackError
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import adjust_rules
from patchpilot.model.address import parse_address
from patchpilot.projects.checking import check_table
from patchpilot.projects.loading import detect, find_project, is_list, projects, resolve_table
from patchpilot.projects.project import SECTIONS, Project, Subsystem
from tests.kit.cli import call
from tests.kit.snippets import MemoryTree
from tests.kit.source import trees


def test_project_inherits_settings() -> None:
    linux, netdev = find_project("linux"), find_project("netdev")
    assert (linux.lineage, netdev.lineage) == (("linux",), ("netdev", "linux"))
    assert (netdev.kernel, netdev.tags, netdev.lists.stable) == (
        True,
        linux.tags,
        linux.lists.stable,
    )
    assert (linux.mail.waiting_days, netdev.mail.waiting_days) == (14, 7)
    assert netdev.tree_has == ()


def test_ignored_rules_accumulate() -> None:
    written = {
        "a": {
            "title": "A",
            "style": {"ignore": ["one"], "severity": {"x": "error", "y": "check"}},
        },
        "b": {
            "title": "B",
            "inherits": "a",
            "style": {"ignore": ["two"], "severity": {"x": "note"}},
        },
    }
    assert resolve_table("b", written)["style"] == {
        "ignore": ["one", "two"],
        "severity": {"x": "note", "y": "check"},
    }


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"lineage": ["linux"]}, "unknown key 'lineage'"),
        ({"mail": {"waiting_days": True}}, "'waiting_days' takes a number"),
        ({"mail": 3}, "key 'mail' takes a table"),
        ({"lists": {"main": "x@example.org"}}, r"\[lists\]: key 'main' takes a list"),
        ({"lists": {"main": [3]}}, "'main' takes a list of strings"),
        ({"tree_has": ["lib"]}, "'tree_has' takes a list of lists of strings"),
    ],
)
def test_wrong_key_names_its_file(table: dict[str, Any], words: str) -> None:
    with pytest.raises(PackError, match=rf"projects/ours\.toml: .*{words}"):
        check_table("projects/ours.toml", table, Project)


def test_shipped_files_are_valid() -> None:
    for kind in (Project, Subsystem):
        for name, table in read_shipped_tables(f"{kind.__name__.lower()}s").items():
            check_table(name, table, kind)


def test_project_needs_title_and_acyclic_inheritance() -> None:
    with pytest.raises(PackError, match=r"projects/ours\.toml: missing key 'title'"):
        resolve_table("ours", {"ours": {}})
    circle = {name: {"title": "A", "inherits": other} for name, other in ("ab", "ba")}
    with pytest.raises(PackError, match="names no other project"):
        resolve_table("a", circle)


def _find_read_attributes() -> set[tuple[str, str]]:
    """Return every attribute that code outside projects/ reads, as (the word before the dot, the
    attribute).
    """
    result = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                result.add((_last_word(node.value), node.attr))
    return result


def _last_word(value: ast.expr) -> str:
    """Return the source of a value from its last dot."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute):
        return value.attr
    return ast.unparse(value).rpartition(".")[2]


def test_every_key_is_used() -> None:
    read = _find_read_attributes()
    for section, kind in SECTIONS.items():
        unread = {
            key for key in kind._fields if (section, key) not in read and ("self", key) not in read
        }
        assert unread == set(), section
    receivers = ("project", "chosen", "one", "find_project(profile)", "profile")
    assert {
        key for key in Project._fields if not any((word, key) in read for word in receivers)
    } == set()


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (("lib/eal/x.c",), "dpdk"),
        (("lib/librte_eal/x.c",), "dpdk"),
        (("xen/common/x.c",), "xen"),
        (("common/spl/x.c", "Kbuild"), "u-boot"),
        (("qemu-options.hx", "MAINTAINERS"), "qemu"),
        (("git.c", "builtin/add.c"), "git"),
        (("include/tst_test.h",), "ltp"),
        (("man/man2/open.2",), "man-pages"),
        (("Kbuild", "MAINTAINERS", "init/main.c", "kernel/fork.c"), "linux"),
        (("README",), "linux"),
    ],
)
def test_tree_is_detected_by_any_sign(paths: tuple[str, ...], name: str) -> None:
    assert detect(MemoryTree(dict.fromkeys(paths, ""))).name == name


def test_help_names_every_project() -> None:
    *names, last = projects()
    output = call("help options").out
    assert f"{', '.join(names)} or {last} (default: detected)" in " ".join(output.split())


@pytest.mark.parametrize(("name", "word"), [("u-boot", "U-Boot"), ("netdev", "Kernel")])
def test_rule_texts_name_the_project(name: str, word: str) -> None:
    rules = {rule.name: rule for rule in adjust_rules(load_rules(), find_project(name))}
    assert rules["dos-line-end"].why.startswith(f"{word} files use LF line endings.")
    texts = "\n".join(f"{rule.why} {rule.message} {rule.summary}" for rule in rules.values())
    assert bool(re.search(r"\b(?:the|Linux) kernel[ .,']", texts)) == (word == "Kernel")


@pytest.mark.parametrize(
    "text",
    [
        "Oleksij Rempel <linux@rempel-privat.de>",
        "Guenter Roeck <linux@roeck-us.net>",
        "Russell King <linux@armlinux.org.uk>",
        "Pengutronix Kernel Team <kernel@pengutronix.de>",
        "NXP Linux Team <linux-imx@nxp.com>",
        "Lists Person <lists@example.org>",
        "Benjamin LaHaise <bcrl@kvack.org>",
        "Lena Torwald <dev@lynxeye.example>",
        "ada@example.org",
    ],
)
def test_maintainer_is_no_list(text: str) -> None:
    address = parse_address(text)
    assert address
    assert not is_list(address)


@pytest.mark.parametrize(
    "text",
    [
        "linux-iio@vger.kernel.org",
        "Linux IIO <linux-iio@vger.kernel.org>",
        "linux-mm@kvack.org",
        "Linux-MM <linux-mm@kvack.org>",
        "Linux Kernel Mailing List <linux-kernel@example.com>",
        '"linux-imx@nxp.com" <linux-imx@nxp.com>',
        '"open list:COUNTER SUBSYSTEM" <counter@example.org>',
        "KASAN <kasan-dev@googlegroups.com>",
        "isdn4linux@listserv.isdn4linux.de",
        "alsa-devel@alsa-project.org",
        "brcm80211-dev-list.pdl@broadcom.com",
        "Regressions <regressions@lists.linux.dev>",
    ],
)
def test_list_is_recognized(text: str) -> None:
    address = parse_address(text)
    assert address
    assert is_list(address)
