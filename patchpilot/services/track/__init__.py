# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track`: series tracked in the archive until they are merged."""
