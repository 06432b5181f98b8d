# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `backport` command: compute verdicts, write patches, and prepare a clone to resolve
conflicts.
"""
