# SPDX-License-Identifier: GPL-2.0-or-later
"""Check patches and return findings, using facts from the repository, the tree and the topic."""
