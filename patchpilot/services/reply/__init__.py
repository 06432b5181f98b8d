# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track reply`: write and send replies to messages."""
