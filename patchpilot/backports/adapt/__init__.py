# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt a conflicting fix to a branch, token by token."""
