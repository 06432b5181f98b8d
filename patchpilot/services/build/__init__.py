# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `build` command: read its options and targets, and delete its output."""
