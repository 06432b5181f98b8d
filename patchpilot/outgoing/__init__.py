# SPDX-License-Identifier: GPL-2.0-or-later
"""Compose messages from a draft, send them with a transport, and record their delivery.

Front modules:

- `transport`: the record of a send
"""
