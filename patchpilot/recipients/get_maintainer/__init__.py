# SPDX-License-Identifier: GPL-2.0-or-later
"""Reproduce the output of `scripts/get_maintainer.pl` line for line, without running the script.

Scripts and tools may depend on this output.
"""
