# SPDX-License-Identifier: GPL-2.0-or-later
"""Followed series: what is known of them, and the mails that are fetched for them."""
