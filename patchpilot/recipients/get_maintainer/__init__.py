# SPDX-License-Identifier: GPL-2.0-or-later
"""Reproduce the output of `scripts/get_maintainer.pl`, line for line, without running it.

It is meant for scripts and tools that expect this output.
"""
