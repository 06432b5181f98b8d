# SPDX-License-Identifier: GPL-2.0-or-later
"""The topic of a call: its base, its commits, its draft and how far it is."""
