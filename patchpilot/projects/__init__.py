# SPDX-License-Identifier: GPL-2.0-or-later
"""Define projects and their rules for tags, lists and style.

Each checks/projects/NAME.toml is loaded as an immutable Project.
"""
