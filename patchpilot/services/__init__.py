# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs, a folder each: a frozen request in, a frozen result out, progress through a callback.

What combines verbs is in this folder itself.
"""
