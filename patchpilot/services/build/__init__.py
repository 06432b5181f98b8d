# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `build`: what it is asked for, and what it leaves in the cache."""
