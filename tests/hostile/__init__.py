# SPDX-License-Identifier: GPL-2.0-or-later
"""What a repository, a mail or a server of somebody else plants does nothing."""
