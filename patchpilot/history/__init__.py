# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the git history to find LTS branches, releases, merged commits, and Fixes: tags."""
