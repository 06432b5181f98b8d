# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands `send` and `draft`: the messages, the problems that block them, and the sending."""
