# SPDX-License-Identifier: GPL-2.0-or-later
"""Test safe fixes: the guard, the draft, and the resulting patches."""
