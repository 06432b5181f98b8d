# SPDX-License-Identifier: GPL-2.0-or-later
"""The values every room hands to the next: frozen, parsed at the edge, no I/O."""
