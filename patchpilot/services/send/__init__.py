# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands `send` and `draft`: messages, blocking problems, and sending."""
