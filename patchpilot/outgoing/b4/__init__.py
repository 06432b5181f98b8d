# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the b4 transport: enrollment, journal, command, series and web endpoint."""

NAME = "b4"
TRANSPORT = "patchpilot.outgoing.b4.b4_transport:B4Transport"
