# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipient plan: To and Cc with reasons, and the user's edits to it."""
