# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the commands that set up patchpilot: `config`, `doctor`, `setup` and `trust`."""
