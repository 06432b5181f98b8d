# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m patchpilot` is the `patchpilot` command."""

from patchpilot.cli.main import main

if __name__ == "__main__":
    main()
