# SPDX-License-Identifier: GPL-2.0-or-later
"""What leaves: drafts, the mails composed of them, the state of each mail, and the transports that carry them."""
