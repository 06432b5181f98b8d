# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track reply`: replies to messages, from the draft to the outbox."""
