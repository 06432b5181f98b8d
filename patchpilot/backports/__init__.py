# SPDX-License-Identifier: GPL-2.0-or-later
"""For each LTS branch: the verdict, the missing commits, the patch to send."""
