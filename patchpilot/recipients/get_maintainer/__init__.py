# SPDX-License-Identifier: GPL-2.0-or-later
"""The output of `scripts/get_maintainer.pl`, line for line, without running it, for scripts and
tools that expect it.
"""
