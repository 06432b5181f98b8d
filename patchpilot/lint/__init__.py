# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the linter: rule packs, the engine that runs them, detectors, fixes and waivers.

Front modules:

- `lint_context`: the options of a check
"""
