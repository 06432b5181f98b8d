# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts common to all screens: the stages, the session, glyphs and styled text."""
