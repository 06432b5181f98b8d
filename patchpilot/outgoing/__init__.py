# SPDX-License-Identifier: GPL-2.0-or-later
"""Outgoing messages: composed from a draft, their delivery states, and the transports."""
