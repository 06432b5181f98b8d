# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt a conflicting fix to a branch by transferring its changes, token by token, to the branch's
code.
"""
