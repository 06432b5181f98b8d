# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo started by another program of ours."""

import sys

from patchpilot.commits.run import interactive


def run_demo() -> int:
    """The demo in a process of its own on this terminal; its exit code."""
    return interactive([sys.executable, "-P", "-m", "patchpilot", "demo"])
