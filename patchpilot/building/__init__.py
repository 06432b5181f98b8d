# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds objects of a kernel tree before and after a commit, and reports new warnings and
errors.
"""
