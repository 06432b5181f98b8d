# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracked series: their known facts, and the messages fetched for them."""
