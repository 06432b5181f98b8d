# SPDX-License-Identifier: GPL-2.0-or-later
"""The linter: rule packs, the engine that runs them, detectors, safe fixes and waivers."""
