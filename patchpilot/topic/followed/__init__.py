# SPDX-License-Identifier: GPL-2.0-or-later
"""Manage tracked series: the stored data about them, and the messages fetched for them."""
