# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the command line of `check`."""
