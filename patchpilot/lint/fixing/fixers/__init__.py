# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixers, by what they change. A rule with a safe fix names one in its `[rule.fix]`."""
