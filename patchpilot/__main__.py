# SPDX-License-Identifier: GPL-2.0-or-later
"""The `patchpilot` command, which also runs as `python -m patchpilot`."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Import the command line and run it; Ctrl-C ends it quietly, even during the imports."""
    try:
        from patchpilot.cli.main import main as command
    except KeyboardInterrupt:
        sys.stderr.write("\npatchpilot: interrupted\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
