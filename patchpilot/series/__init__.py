# SPDX-License-Identifier: GPL-2.0-or-later
"""Store and match a series' data across rebases and versions: drafts, patch pairs, recipient edits
and Message-IDs.
"""
