# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixers, by what they change. A rule that is safe to mend names one in its `[rule.fix]`."""
