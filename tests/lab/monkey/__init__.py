# SPDX-License-Identifier: GPL-2.0-or-later
"""Random keys for the TUI: on every stage, Home and dialogs, while results are late or fail and the
topic changes.
"""
