# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks patches and returns findings, using facts from the repository, the tree and the topic."""
