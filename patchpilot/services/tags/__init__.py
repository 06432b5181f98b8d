# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the commands that find and write tags: `fixes`, `stable`, `prepare`, `trailers` and
`undo`.
"""
