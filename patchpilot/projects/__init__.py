# SPDX-License-Identifier: GPL-2.0-or-later
"""Projects and their rules for tags, lists and style.

There is one immutable Project for each checks/projects/NAME.toml.
"""
