# SPDX-License-Identifier: GPL-2.0-or-later
"""Backports a fix to LTS branches.

Determines, for each branch, the verdict, the missing commits, and the patch to send.
"""
