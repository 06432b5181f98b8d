# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `track` command: follow series in the archive until they are merged."""
