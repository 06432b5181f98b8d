# SPDX-License-Identifier: GPL-2.0-or-later
"""Access to the git repository, and conversion of TARGET arguments to `Series`."""
