# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the b4 transport, including the enrollment of branches and the web endpoint."""

NAME = "b4"
TRANSPORT = "patchpilot.outgoing.b4.b4_transport:B4Transport"
