# SPDX-License-Identifier: GPL-2.0-or-later
"""Define projects and their rules for tags, lists and style.

Each project is loaded from checks/projects/NAME.toml as an immutable Project.
"""
