# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the tags room and its verbs."""
