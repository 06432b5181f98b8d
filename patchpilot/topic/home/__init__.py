# SPDX-License-Identifier: GPL-2.0-or-later
"""All topics of all repositories that were used: whose turn it is, and what to do next."""
