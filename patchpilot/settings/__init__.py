# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings: where they are read, and the rule packs that they name."""
