# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the git send-email transport."""

NAME = "git-send-email"
TRANSPORT = "patchpilot.outgoing.send_email.send_email_transport:SendEmailTransport"
