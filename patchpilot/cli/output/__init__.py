# SPDX-License-Identifier: GPL-2.0-or-later
"""Format results for stdout: text, JSON and the formats of other tools."""
