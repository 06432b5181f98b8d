# SPDX-License-Identifier: GPL-2.0-or-later
"""Projects and their rules for tags, lists and style: one frozen Project for each
checks/projects/NAME.toml.
"""
