# SPDX-License-Identifier: GPL-2.0-or-later
"""Access to the git repository, and conversion of a TARGET argument to a `Series`."""
