# SPDX-License-Identifier: GPL-2.0-or-later
"""The topic of a call: its patches, its base, its draft, what was sent of it and how far it is."""
