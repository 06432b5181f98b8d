# SPDX-License-Identifier: GPL-2.0-or-later
"""patchpilot walks a Linux kernel fix from `git commit` to mainline and every LTS branch."""

__version__ = "0.1.0"
