# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts about history: LTS branches, releases, where commits were merged, whether a Fixes: tag is
correct.
"""
