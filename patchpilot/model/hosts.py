# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of this machine."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")
