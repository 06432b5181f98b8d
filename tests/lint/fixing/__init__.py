# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe fixes: the guard, the draft, and what they make of patches."""
