# SPDX-License-Identifier: GPL-2.0-or-later
"""Query mail archives, store tracked series, and find a series' commits.

Front modules:

- `mail_stream`: the messages of an archive, one after the other
"""
