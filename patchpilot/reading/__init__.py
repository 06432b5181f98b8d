# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mail says, and what the thread of a series means."""
