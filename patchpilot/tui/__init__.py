# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk, in Textual, on the services."""
