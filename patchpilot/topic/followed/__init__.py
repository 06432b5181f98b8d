# SPDX-License-Identifier: GPL-2.0-or-later
"""Manage tracked series: their stored data, and the messages fetched for them."""
