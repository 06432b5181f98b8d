# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport a fix to LTS branches: determine the verdict, find missing commits, and write the patch
to send.
"""
