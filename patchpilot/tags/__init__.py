# SPDX-License-Identifier: GPL-2.0-or-later
"""Find, explain, add and remove tags such as Fixes: and Cc: stable."""
