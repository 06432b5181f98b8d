# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the symbols and the module of an object in Makefiles."""

import pytest

from patchpilot.building.makefiles import Need, needs_of, target_of
from tests.building.test_kconfig import FILES


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
