# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the `patchpilot` command, also as `python -m patchpilot`."""

import gc
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Import the command line and run it. Ctrl-C exits without a traceback, even during the
    imports.
    """
    # start-up creates many objects that live until the end, so collect garbage less often
    gc.set_threshold(100_000, 50, 50)
    try:
        from patchpilot.cli.main import main as command
    except KeyboardInterrupt:
        sys.stderr.write("\npatchpilot: interrupted\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
