# SPDX-License-Identifier: GPL-2.0-or-later
"""The arguments of a plain `patchpilot check …`, parsed without the command-line library: hooks and
b4 call it for every patch, and the library takes an eighth of the time of a patch. Everything else
is left to the library, which also reports errors."""

from collections.abc import Sequence

from patchpilot.cli.check.check_options import COMMON, OPTIONS, CheckOptions
from patchpilot.cli.common import Common
from patchpilot.cli.option_table import read_plain


def read(argv: Sequence[str]) -> tuple[Common, CheckOptions] | None:
    """The options of a `check`.

    None where a word is not plain: an unknown option, a value that is none, a cluster of letters,
    `--`, --help.
    """
    if not argv or argv[0] != "check":
        return None
    plain = read_plain((*COMMON, *OPTIONS), argv[1:])
    if plain is None:
        return None
    values, targets = plain
    common = {option.key: values.pop(option.key) for option in COMMON}
    return Common(**common), CheckOptions(targets=targets, **values)
