# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts the demo from the TUI."""

import sys

from patchpilot.commits.run import interactive


def run_demo() -> int:
    """Run the demo as a separate process on this terminal and return its exit code."""
    return interactive([sys.executable, "-P", "-m", "patchpilot", "demo"])
