# SPDX-License-Identifier: GPL-2.0-or-later
"""Outgoing messages: composing them from a draft, delivery states and transports."""
