# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown on every screen, and how: the stages, the session, glyphs and styled text."""
