# SPDX-License-Identifier: GPL-2.0-or-later
"""Store a series' data and match it across rebases and versions: drafts, patch pairs, recipient
edits and Message-IDs.
"""
