# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses the arguments of a plain `patchpilot check …` without the command-line library.

Hooks and b4 run it for every patch, and the library takes an eighth of the time for one patch.
All other arguments, including errors, are left to the library.
"""

from collections.abc import Sequence

from patchpilot.cli.check.check_options import COMMON, OPTIONS, CheckOptions
from patchpilot.cli.common import Common
from patchpilot.cli.option_table import read_plain


def read(argv: Sequence[str]) -> tuple[Common, CheckOptions] | None:
    """Return the options of a `check`, or None if the arguments need the command-line library.

    These are an unknown option, an invalid value, a group of short options, `--`, and --help.
    """
    if not argv or argv[0] != "check":
        return None
    plain = read_plain((*COMMON, *OPTIONS), argv[1:])
    if plain is None:
        return None
    values, targets = plain
    common = {option.key: values.pop(option.key) for option in COMMON}
    return Common(**common), CheckOptions(targets=targets, **values)
