# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that find and write tags: fixes, stable, prepare, trailers and undo."""
