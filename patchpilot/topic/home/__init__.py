# SPDX-License-Identifier: GPL-2.0-or-later
"""All topics in all known repositories: whose turn it is, and the next step."""
