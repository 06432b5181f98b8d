# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracked series: the stored facts about them, and the messages fetched for them."""
