# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the symbols on which an object depends, in Makefiles and Kconfig files."""

import time

import pytest

from patchpilot.building.choose_symbols import SymbolChoice
from patchpilot.building.kconfig import Kconfig
from patchpilot.building.kconfig_expression import parse_expression
from patchpilot.building.kconfig_names import _CONFIG, _find_symbols
from patchpilot.building.makefiles import Need, needs_of, target_of

KCONFIG = """
if-success = $(shell,echo y)
config MODULES
	bool "Modules"
	help
	  config NOT_A_SYMBOL is only text here

	  and here
config PCI
	bool "PCI" if EXPERT
source "drivers/$(SRCARCH)/Kconfig"
menu "Drivers"
	depends on NET
config FROB
	tristate "Frob"
	depends on PCI || (FROB_BUS && \\
		!BROKEN)
	select FROB_CORE if NET
	imply FROB_CODEC
config FROB_CODEC
	tristate
config FROB_CORE
	tristate
config FROB_LIB
	bool
	default FROB
endmenu
"""
FILES = {
    "Kconfig": KCONFIG,
    "drivers/x86/Kconfig": 'config NET\n\tbool "Net"\nconfig FROB_BUS\n\tbool "Bus"\n',
    "drivers/Makefile": "obj-y += net/\nobj-$(CONFIG_FROB) += frob/\n",
    "drivers/frob/Makefile": (
        "obj-$(CONFIG_FROB) += frob.o  # the driver\n"
        "frob-y := main.o $(more-y)\n"
        "more-y += \\\n\tdeep/one.o\n"
        "ifdef CONFIG_FROB_LIB\n"
        "frob-$(CONFIG_PCI) += lib.o\n"
        "endif\n"
    ),
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("drivers/frob/main.c", {"FROB"}),
        ("drivers/frob/deep/one.c", {"FROB"}),
        ("drivers/frob/lib.c", {"FROB", "FROB_LIB", "PCI"}),
    ],
)
def test_symbols_are_read_from_the_makefile(path: str, expected: set[str]) -> None:
    (need,) = needs_of(FILES.get, path)
    assert set(need.symbols) == expected
    assert need.module == "drivers/frob/frob"


@pytest.mark.parametrize(
    "makefile",
    ["include $(src)/deep/Kbuild", "frob-y += $(VERSIONS:%=deep/data-%.o)"],
)
def test_computed_object_belongs_to_the_parent_module(
    makefile: str,
) -> None:
    files = FILES | {
        "drivers/frob/Makefile": f"{makefile}\nobj-$(CONFIG_FROB) += frob.o\n",
        "drivers/frob/deep/Kbuild": "frob-y += deep/named.o\n",
    }
    (need,) = needs_of(files.get, "drivers/frob/deep/data-3.c")
    assert need == Need(("FROB",), "drivers/frob/frob")


def test_object_may_belong_to_a_sibling_module() -> None:
    files = {
        "drivers/Makefile": "obj-$(CONFIG_FROB) += bus/frob/\n",
        "drivers/bus/frob/Makefile": (
            "obj-$(CONFIG_FROB) += frob.o\n"
            "ifneq ($(CONFIG_FROB_SHOW),)\n"
            "include $(FULL_SHOW_PATH)/Makefile\n"
            "endif\n"
        ),
        "drivers/bus/show/deep/Makefile": "SHOWN = $(addprefix $(SHOW)/,one.o)\n",
    }
    (need,) = needs_of(files.get, "drivers/bus/show/deep/one.c")
    assert set(need.symbols) == {"FROB", "FROB_SHOW"}
    assert need.module == "drivers/bus/frob/frob"
    target = "drivers/bus/frob/../show/deep/one.o"
    assert target_of(files.get, "drivers/bus/show/deep/one.c") == target
    # a pattern for a different directory does not match
    assert not needs_of(files.get, "drivers/bus/other/one.c")
    assert target_of(files.get, "drivers/bus/other/one.c") == "drivers/bus/other/one.o"


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("NET", {"NET"}),
        # PCI's prompt depends on EXPERT, which cannot be enabled
        ("FROB", {"NET", "FROB_BUS", "FROB"}),
        ("FROB_CORE", {"NET", "FROB_BUS", "FROB"}),
        ("FROB_CODEC", {"NET", "FROB_BUS", "FROB"}),
        ("FROB_LIB", {"NET", "FROB_BUS", "FROB"}),
    ],
)
def test_symbol_is_enabled_with_its_dependencies(symbol: str, expected: set[str]) -> None:
    choice = SymbolChoice(Kconfig(FILES.get, "x86"))
    assert choice.turn_on(symbol)
    assert set(choice.on) == expected
    assert choice.is_on(symbol)


def test_symbol_that_cannot_be_enabled_changes_nothing() -> None:
    choice = SymbolChoice(Kconfig(FILES.get, "x86"), ("NET",))
    choice.keep_off(("FROB_BUS",))
    for name in ("FROB", "PCI", "NOT_A_SYMBOL"):
        assert not choice.turn_on(name)
    assert choice.text() == "CONFIG_NET=y\n"


@pytest.mark.parametrize(
    ("extra_lines", "is_unmet"),
    [("", True), ("\tdepends on NET\n", False), ("\tselect NET\n", False)],
)
def test_select_is_unmet_if_the_selecting_symbol_does_not_require_the_dependency(
    extra_lines: str, is_unmet: bool
) -> None:
    text = f'{KCONFIG}config ANY\n\tbool "Any"\n\tselect FROB_CORE\n{extra_lines}'
    kconfig = Kconfig({**FILES, "Kconfig": text}.get, "x86")
    assert SymbolChoice(kconfig).leaves_unmet("ANY", "FROB_CORE") is is_unmet


def test_blank_lines_of_a_kconfig_file_are_skipped_quickly() -> None:
    start_time = time.process_time()
    assert _CONFIG.findall("config A\n" + "\n" * 100_000) == ["A"]
    assert time.process_time() - start_time < 1


def test_module_state_depends_on_the_type() -> None:
    choice = SymbolChoice(Kconfig(FILES.get, "x86"), ("FROB",))
    assert choice.text(("FROB", "NET")).split() == [
        "CONFIG_FROB=m",
        "CONFIG_FROB_BUS=y",
        "CONFIG_NET=y",
    ]


@pytest.mark.parametrize("text", ["", "((((", "A &&", "!", 'A = "b', "||", "(" * 5000])
def test_malformed_expressions_evaluate_to_y(text: str) -> None:
    assert parse_expression(text)


@pytest.mark.parametrize(
    ("path", "line", "names"),
    [
        ("drivers/a.c", "#ifdef CONFIG_FROB", ["FROB"]),
        ("drivers/a.c", "\tif (IS_ENABLED(CONFIG_FROB_MODULE))", ["FROB"]),
        ("drivers/a.c", " * set CONFIG_FROB for this", []),
        ("drivers/Makefile", "obj-$(CONFIG_FROB) += frob.o", ["FROB"]),
        ("drivers/Kconfig", "\tselect FROB if NET", ["FROB", "NET"]),
        ("drivers/Kconfig", "\t  Say Y for FROB.", []),
        ("Documentation/a.c", "#ifdef CONFIG_FROB", []),
    ],
)
def test_symbols_are_found_in_code_and_kconfig(path: str, line: str, names: list[str]) -> None:
    assert list(_find_symbols(path, line)) == names
