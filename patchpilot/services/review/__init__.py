# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine reviews of patches by the user's reviewers."""
