# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept between runs and may be deleted at any time."""
