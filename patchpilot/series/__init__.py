# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes a series one thing over rebases and versions: drafts, patch pairing, recipient edits, Message-IDs, their database."""
