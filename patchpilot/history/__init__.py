# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts about history: LTS branches, releases, which commit landed where, whether a Fixes: tag is true."""
