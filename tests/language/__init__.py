# SPDX-License-Identifier: GPL-2.0-or-later
"""The language of everything a person reads."""
