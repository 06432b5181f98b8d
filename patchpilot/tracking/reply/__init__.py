# SPDX-License-Identifier: GPL-2.0-or-later
"""Reply to a message of a tracked series: quote it, check the text, and send it once."""
