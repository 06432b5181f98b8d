# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts from the history: LTS branches, releases, merged commits, and correct Fixes: tags."""
