# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `check`: reads patches and returns findings and fixes."""
