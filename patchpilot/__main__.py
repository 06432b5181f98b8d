# SPDX-License-Identifier: GPL-2.0-or-later
"""The `patchpilot` command, also as `python -m patchpilot`."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Import the command line and run it; Ctrl-C during the imports ends as quietly as later."""
    try:
        if sys.argv[1:2] == ["maintainers"]:
            from patchpilot.cli import dropin, ending

            call = dropin.read(sys.argv[1:])
            if call:
                ending.leave(ending.ended(lambda: dropin.answer(call)))
        from patchpilot.cli.main import main as command
    except KeyboardInterrupt:
        sys.stderr.write("\npatchpilot: interrupted\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
