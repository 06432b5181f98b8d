# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail archives: reading threads, classifying replies, finding where a fix was merged."""
