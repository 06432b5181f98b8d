# SPDX-License-Identifier: GPL-2.0-or-later
"""For every LTS branch the true verdict, the missing commits, the patch to send."""
