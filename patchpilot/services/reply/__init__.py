# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track reply`: a reply to a message, from the draft to the outbox."""
