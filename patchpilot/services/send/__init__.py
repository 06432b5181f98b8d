# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands `send` and `draft`: messages, the problems that block them, and sending."""
