# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the git history: LTS branches, releases, merged commits, and Fixes: tags."""
