# SPDX-License-Identifier: GPL-2.0-or-later
"""Reviews of patches by the user's reviewer programs."""
