# SPDX-License-Identifier: GPL-2.0-or-later
"""Store the data of a series, which consists of drafts, patch pairs, recipient edits and
Message-IDs, and match it across rebases and versions.

Front modules:

- `database`: open the databases once for several steps, or without saving
"""
