# SPDX-License-Identifier: GPL-2.0-or-later
"""Define what all screens share: the stages, the session, glyphs and styled text."""
