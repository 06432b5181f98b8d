# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that fit, measure and fuzz patchpilot; README.md lists them."""
