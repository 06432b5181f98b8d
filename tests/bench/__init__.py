# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks, which are not part of the test suite and include the programs that users would run
instead of patchpilot.
"""
