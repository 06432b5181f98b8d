# SPDX-License-Identifier: GPL-2.0-or-later
"""Results for stdout: text, JSON and the formats of other tools."""
