# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify messages, and derive a series' state from its thread."""
