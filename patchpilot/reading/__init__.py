# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify messages, and derive the state of a series from its thread."""
