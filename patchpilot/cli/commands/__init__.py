# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the commands. Each module contains a function called `command`."""
