# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies messages, and derives the state of a series from its thread."""
