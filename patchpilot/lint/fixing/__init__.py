# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe fixes: what a tool may mend in a patch by itself, tried on the patch and kept only where it helps and does no harm."""
