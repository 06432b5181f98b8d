# SPDX-License-Identifier: GPL-2.0-or-later
"""Review patches with the user's reviewer programs."""
