# SPDX-License-Identifier: GPL-2.0-or-later
"""Data that identifies a series across rebases and versions.

These are drafts, patch pairing, recipient edits, Message-IDs, and their database.
"""
