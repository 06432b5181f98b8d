# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks, including of the programs that users would run instead of patchpilot.

They are not part of the test suite.
"""
