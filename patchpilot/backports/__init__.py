# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport a fix to LTS branches: find the verdict, the missing commits, and the patch to send."""
