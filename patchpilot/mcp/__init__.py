# SPDX-License-Identifier: GPL-2.0-or-later
"""Serve the commands of one repository to a coding agent, over the Model Context Protocol.

Each tool runs a command of the command line in a child process, and returns its JSON document in at
most 12 kB. The server changes nothing except the files of the working tree.
"""
