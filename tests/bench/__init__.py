# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: not part of the suite, always side by side with what a user would run instead."""
