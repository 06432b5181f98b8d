# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `track`: series followed on the archive until they are merged."""
