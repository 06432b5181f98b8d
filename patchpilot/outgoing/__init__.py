# SPDX-License-Identifier: GPL-2.0-or-later
"""What is sent: the mails composed of a draft, the state of each mail, and the transports."""
