# SPDX-License-Identifier: GPL-2.0-or-later
"""Test safe fixes, the guard and the draft they use, and the fixed patches."""
