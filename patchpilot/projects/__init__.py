# SPDX-License-Identifier: GPL-2.0-or-later
"""Projects and their rules for tags, lists and style.

Each checks/projects/NAME.toml becomes an immutable Project.
"""
