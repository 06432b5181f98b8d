# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects of a kernel tree, built before and after a commit: the warnings and errors it adds."""
