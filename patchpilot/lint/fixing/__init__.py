# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe fixes, which are kept only if they resolve their finding and cause no other.

They are applied to a copy of the patch.
"""
