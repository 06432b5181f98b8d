# SPDX-License-Identifier: GPL-2.0-or-later
"""List all topics in all known repositories, each with its next step and whose turn it is."""
