# SPDX-License-Identifier: GPL-2.0-or-later
"""Test enabling symbols with their dependencies, as Kconfig files declare them."""

import time

import pytest

from patchpilot.building.choose_symbols import SymbolChoice
from patchpilot.building.kconfig import Kconfig
from patchpilot.building.kconfig_names import _CONFIG

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
