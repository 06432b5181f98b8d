# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the topics of `patchpilot help` and of patchpilot(1).

The first line of each topic is its summary.
"""

TOPICS = {
    "targets": """
What a TARGET can be

  COMMIT         a commit, in any form that git understands: HEAD~2, v6.12, 1234abcd5678
  A..B           the commits of a range
  FILE, DIR      a patch file, or all patch files of a directory, sorted by name
  MBOX           an mbox, plain or gzip
  <MESSAGE-ID>   the series of this mail, from the archive (setting: lore); its URL works too
  -              standard input: one patch or an mbox

Without TARGET a command works on the topic: the commits of the current branch that are not in
its base. --base names the base; `patchpilot check --explain-base` shows how it was chosen.

Example: patchpilot check origin/master..HEAD
""",
    "exit-codes": """
Exit codes

    0  done, no findings at or above --fail-on
    1  findings at or above --fail-on; for send: blocked;
       for backport --write: nothing written
    2  usage or configuration error, unreadable or malformed input
    3  repository, tool or tree missing
    4  network, archive or mail server failed
   70  a bug in patchpilot; `patchpilot doctor --report` prints what a report needs
  130  interrupted

Example: patchpilot check --fail-on error HEAD
""",
    "settings": """
Settings, and where they come from

Later ones override earlier ones:

  1. .patchpilot.toml at the top of the tree
  2. git config patchpilot.NAME
  3. options of the command line

A tree's file cannot set commands, servers, addresses or paths outside the tree, and its rule
packs run only after `patchpilot trust`, like commands that its .git/config names.
`patchpilot config` lists every setting with its value, its origin and its meaning.

Example: git config --global patchpilot.via b4
""",
    "severities": """
Severities of findings

  error     a maintainer or a bot would reject the patch for it
  warning   reviewers ask for a new version for it
  check     style, or only likely
  note      for information

--fail-on sets the lowest severity that makes the exit code 1 (default: warning). Whether a rule is
shown depends on its record on real patches (`patchpilot explain RULE`); --strict shows all.

Example: patchpilot check --strict --fail-on error HEAD
""",
    "environment": """
Environment variables

  NO_COLOR                        no color, like --no-color
  FORCE_COLOR, CLICOLOR_FORCE     color in text that is not for a terminal
  EDITOR, VISUAL, GIT_EDITOR      the editor of draft --edit and of the guided workflow
  PAGER, GIT_PAGER                the pager of long text on a terminal (--no-pager)
  PATCHPILOT_ASCII                1: the guided workflow draws with ASCII only; 0: never
  CI                              check as for regulars; rule packs of the base need no trust
  PRE_COMMIT_FROM_REF             the commit before the first that pre-commit pushes
  PRE_COMMIT_TO_REF               the last commit that it pushes
  PRE_COMMIT_REMOTE_NAME          the remote to which it pushes
  GITHUB_ACTIONS, GITLAB_CI       hints name the settings of this CI
  GIT_DIR, GIT_WORK_TREE          the repository, as for git
  GIT_AUTHOR_EMAIL                your address, like GIT_COMMITTER_EMAIL
  XDG_CONFIG_HOME                 your git config, in git/config
  XDG_STATE_HOME                  drafts, the record of sent messages, tracked series
  XDG_CACHE_HOME                  caches, which may be deleted at any time
  XDG_DATA_HOME                   refreshed stable branches, your own projects

Example: NO_COLOR=1 patchpilot check HEAD
""",
}
