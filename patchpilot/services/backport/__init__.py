# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `backport`: verdicts for stable branches, written patches, the clone where
conflicts are resolved.
"""
