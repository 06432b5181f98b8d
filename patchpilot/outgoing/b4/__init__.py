# SPDX-License-Identifier: GPL-2.0-or-later
"""The transport b4: enrollment, journal, command, series, web endpoint."""

NAME = "b4"
TRANSPORT = "patchpilot.outgoing.b4.b4_transport:B4Transport"
