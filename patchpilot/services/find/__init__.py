# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `find` command: find commits that may fix a symptom, and bisect among them."""
