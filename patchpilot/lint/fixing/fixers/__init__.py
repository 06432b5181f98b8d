# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the fixers, grouped by kind of change.

A rule with a safe fix names its fixer in `[rule.fix]`.
"""
