# SPDX-License-Identifier: GPL-2.0-or-later
"""List names whose use vulture cannot detect. vulture reads this file.

A comment above the names states who uses them.
"""
# ruff: noqa: B018, F821
# mypy: ignore-errors

# used in an annotation
Client
# read by Textual
COMPONENT_CLASSES
# set in examples of rules, and read by tests
build_before
stays
# called by .ci/docs_hooks.py
command_page
keys_page
repo_url
settings_page
troubleshooting_page
rule_page
rule_pages
shared_options
heading_first
linked_pictures
plain_pipes
whole_options
with_search_words
param
# called or read by http.server
_.daemon_threads
_.protocol_version
_.log_message
_.do_GET
_.do_HEAD
_.do_POST
# called by aiosmtpd
_.handle_DATA
# parameters of callbacks
trace
cancel_futures
background
parameters
# called or read by Textual
_.error_console
_.alarm
_.watch_heading
_.watch_note
_.watch_count
_.watch_alarm
_.AUTO_FOCUS
_.border_title
_.border_subtitle
_.ansi_theme_dark
_.watch_theme
_.ansi_theme_light
_.get_system_commands
_.cursor_blink
_.virtual_size
_.render_line
_.compose
_.get_content_height
# attributes of re2's options, and attributes and a method of a session of requests
_.log_errors
_.max_mem
_.max_redirects
_._content
_.rebuild_auth
# attributes that are set and read by name: examples of rules, get_maintainer's switches, features
# of candidates
_.new_file
_.hg_since
_.substatus
_.find_maintainer_files
_.maintainer_path
_.related_near
# used in a string annotation
UnidiffHunk
# for custom transports (docs/how-to/add-a-transport.md)
as_sent
# found by name in outgoing/transports.py
B4Transport
SendEmailTransport
# called and drawn by Textual
_.icon
# keys of JSON objects, which json_form names
_.target_id
_.missing_revisions
_.unread_count
_.eligible
_.plain_lines
_.landed_by
_.whole_size
_.whole_commits
_.known_state
_.only_moved
_.left_alone
_.new_commit
_.baselined
own_address
_.author_text
_.remaining_count
_.undo_name
_.undo_number
_.series_number
_.bad_texts
_.good_texts
_.rate
_.gone_share
_.asked_share
_.toolchain
settings_page
troubleshooting_page
_.get_theme_variable_defaults
_.discover
_.max_height
# used by the reference page on subsystems
_.closes
# counts of features that are looked up by name
_.beside
beside

# import-linter calls it by its name in pyproject.toml
FrontModules
_.render_broken_contract
