# SPDX-License-Identifier: GPL-2.0-or-later
"""List all topics in all known repositories, with whose turn it is and the next step."""
