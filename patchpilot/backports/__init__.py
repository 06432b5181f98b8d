# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport a fix to LTS branches.

The modules determine the verdict for each branch, find prerequisites missing from it, and write the
patch to send.
"""
