# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts of every screen: the stages, the session, glyphs and styled text."""
