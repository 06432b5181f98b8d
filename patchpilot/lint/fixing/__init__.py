# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply safe fixes to a copy of a patch.

A fix is kept only if it resolves its finding and does not cause another one.
"""
