# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a series' recipients (To and Cc, with reasons), and apply the user's edits."""
