# SPDX-License-Identifier: GPL-2.0-or-later
"""What `scripts/get_maintainer.pl` prints, line for line, without running it: for scripts and tools that expect its answers."""
