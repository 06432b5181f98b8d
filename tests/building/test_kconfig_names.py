# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding names of symbols in code and in Kconfig files."""

import pytest

from patchpilot.building.kconfig_names import _find_symbols


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
