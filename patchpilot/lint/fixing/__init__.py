# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe fixes: applied to a copy of the patch, and kept only if they fix their finding and cause no
other.
"""
