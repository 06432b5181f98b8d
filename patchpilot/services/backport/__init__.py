# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `backport`: verdicts, written patches and conflict resolution in a clone."""
