# SPDX-License-Identifier: GPL-2.0-or-later
"""Outgoing mail: drafts, preflight, and the two transports, each mail once."""
