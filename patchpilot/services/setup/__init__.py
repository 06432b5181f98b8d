# SPDX-License-Identifier: GPL-2.0-or-later
"""The setup commands: config, doctor, setup and trust."""
