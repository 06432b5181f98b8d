# SPDX-License-Identifier: GPL-2.0-or-later
"""Checking: patches in, findings out, with what the repository, the tree and the topic know."""
