# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track`: follow series in the archive until they are merged."""
