# SPDX-License-Identifier: GPL-2.0-or-later
"""What differs between projects and lists: one frozen Project each, of checks/projects/NAME.toml."""
