# SPDX-License-Identifier: GPL-2.0-or-later
"""The topic of a call: its patches, base, draft, sends and state."""
