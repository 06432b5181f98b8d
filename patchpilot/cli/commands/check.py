# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot check`: check patches as maintainers and bots do."""

from pathlib import Path
from typing import Any

from patchpilot.cli.check.check_options import FORMATS, OPTIONS, make_check_options
from patchpilot.cli.check.run import run_check
from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    table_options,
)


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot check\n"
        "  patchpilot check --strict 0001-net-fix-it.patch\n"
        "  patchpilot check --diff origin/master..HEAD\n"
        "  patchpilot check '<20240101120000.1-1-ada@example.org>'\n"
        "  git ls-files drivers/net | xargs patchpilot check -f --"
    ),
)
@common_options(*FORMATS, verifies_project=False)
@table_options(OPTIONS)
@argument("targets", several=True, metavar="[TARGET]...")
def command(common: Common, **options: Any) -> int:
    """Check patches as maintainers and bots do.

    TARGET is a patch file, a directory, an mbox, a commit, a range, the '<message-id>' or URL of a
    mail, or `-` for standard input. Without TARGET: the commits of the current branch that are not
    in its base.
    """
    return run_check(common, make_check_options(**_split_baseline_option(options)))


def _split_baseline_option(options: dict[str, Any]) -> dict[str, Any]:
    """Convert --write-baseline to a flag.

    The next argument is its FILE or, if --baseline FILE is given, a TARGET.
    """
    value = options["write_baseline"]
    options["write_baseline"] = value is not None
    if value:
        if options["baseline"] is None:
            options["baseline"] = Path(value)
        elif Path(value) != options["baseline"]:
            options["targets"] = (value, *options["targets"])
    return options
