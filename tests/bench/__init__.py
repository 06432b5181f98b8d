# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks, which are not part of the suite and always include what a user would run instead."""
