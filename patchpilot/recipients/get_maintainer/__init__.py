# SPDX-License-Identifier: GPL-2.0-or-later
"""Reproduce the output of `scripts/get_maintainer.pl`, line for line, for scripts and tools that
expect it, without running the script.
"""
