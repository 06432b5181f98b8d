# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that untrusted arguments of child processes never become options or reach a shell."""

import ast
import json
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

from patchpilot.checking.tree_checkpatch import run_checkpatch
from patchpilot.commits.objects import CatFile
from patchpilot.commits.repository import Repository
from patchpilot.errors import ExitCode, RefusedError, UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.outgoing.credentials import find_credential
from patchpilot.outgoing.mail_account import read_account
from tests.kit.canaries import create_conflicting_patches
from tests.kit.child_processes import ENDS, SOURCE, find_process_starts
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.source import ROOT, trees
from tests.kit.topics import configure_mail_server

HERE = "tests/commits/test_run_child_processes.py"


class Kind(NamedTuple):
    """A kind of untrusted arguments. It has the tests that prove that no program parses them as
    options.
    """

    words: str
    proofs: tuple[str, ...]


HOSTILE = f"{HERE}::test_outside_text_is_never_an_option"
ADDRESSES = "tests/hostile/test_addresses.py::test_patch_option_does_not_reach_the_mail_program"
NO_REVISION = f"{HERE}::test_dashed_word_is_not_a_revision"
SHELLS = f"{HERE}::test_shell_runs_only_user_commands"

IDS = Kind(
    "ids of commits and trees, which git printed or Repository.resolve found",
    (HOSTILE, NO_REVISION),
)
NAMES = Kind("full names of refs, or words that Repository.find found", (HOSTILE, NO_REVISION))
FILES = Kind(
    "absolute paths of temporary files, of the repository and of its files",
    (HOSTILE, SHELLS),
)
REMOTES = Kind(
    "a remote after --, branches and an address of the project's data",
    ("tests/history/test_missing_branches.py::test_remote_name_is_not_an_option",),
)
VALUES = Kind(
    "values after a key of git config; keys that begin with our section",
    (f"{HERE}::test_git_config_reads_no_later_option",),
)
OPTIONS = Kind("lists made in the function or below it, whose words are ours or ids", (HOSTILE,))
CALLERS = Kind("words of callers; the calls are found by the name of this function", (HOSTILE,))
RECIPIENTS = Kind("addresses with names, of mails, trees and settings", (ADDRESSES,))
AGENTS = Kind(
    "values of an agent after --, or in one word with their option",
    (
        "tests/mcp/test_boundary.py::test_texts_like_options_are_refused",
        "tests/mcp/test_server.py::test_calls_that_are_refused",
    ),
)
TARGETS = Kind(
    "paths of a commit as targets of make",
    (
        "tests/cli/test_build.py::test_path_is_not_a_make_option",
        "tests/cli/test_build.py::test_path_is_not_a_make_option",
    ),
)
CHECKED = Kind(
    "paths of a commit that begin with no hyphen, and ids",
    ("tests/building/test_field_checkers.py::test_path_is_not_an_option",),
)
SANDBOX = Kind(
    "words of the sandbox, which has its own repositories, mails and HOME",
    ("tests/demo/test_demo_repository.py::test_ids_are_reproducible",),
)
OBJECTS = Kind(
    "none; names of objects are written to its input, one in a line",
    (f"{HERE}::test_object_name_with_a_newline_is_not_found",),
)
PASSWORD = Kind(
    "none; server and user are written to its input",
    (f"{HERE}::test_password_stays_with_its_host",),
)
PAGER = Kind(
    "none; the text is written to its input",
    (
        "tests/cli/output/test_send_text.py::test_messages_are_paged_on_a_terminal",
        SHELLS,
    ),
)
CHECKPATCH = Kind(
    "none; the patch is written to its input, and the script passes its paths on",
    (f"{HERE}::test_tree_script_gets_no_option",),
)
NOTHING = Kind(
    "none: the process runs this program's own code, or has only literal words",
    (HOSTILE,),
)
BUILD = Kind("none: the command of --build, split into words without a shell", (SHELLS,))
REVIEWER = Kind(
    "none: a command of the user's own configuration, split into words without a shell",
    ("tests/reviewers/test_review.py::test_repository_configures_no_reviewer",),
)
SEARCHED = Kind(
    "texts of a reviewer and names in code after -e, paths after --",
    ("tests/reviewers/test_review.py::test_reviewer_text_is_not_an_option",),
)
HOOK = Kind(
    "none: a trusted hook, or a command of trusted configuration, split into words without a shell",
    ("tests/commits/test_rewrite_hooks.py::test_hook_of_the_repository_needs_trust",),
)
MSMTP = Kind(
    "the words of the user's own sendemail.sendmailcmd, without a shell; the sender follows -f",
    ("tests/outgoing/test_hand_over.py::test_account_of_msmtp_is_read",),
)
AGREED = Kind(
    "the words of a complete command that doctor shows, after the user agreed",
    ("tests/setup/test_mail.py::test_only_complete_commands_are_offered",),
)

PROGRAMS: dict[str, Kind] = {
    "batch/builds::_build_in_worker": NOTHING,
    "batch/cluster::run_units": NOTHING,
    "batch/cluster::check_parts": NOTHING,
    "cli/pager::show_in_pager": PAGER,
    "commits/objects::CatFile._open_streams": OBJECTS,
    "commits/fastimport::FastImport.__init__": NOTHING,
    "commits/merge_tree::MergeProcess._start": OBJECTS,
    "building/field_checkers::_run_isolated": CALLERS,
    "commits/confinement::run_confined": CALLERS,
    "commits/confinement::stream_confined": CALLERS,
    "commits/run::run_with_line_callback": CALLERS,
    "commits/run::run_on_terminal": CALLERS,
    "commits/run::run": CALLERS,
    "commits/git_command::stream_output": CALLERS,
    "commits/rewrite_hooks::_run": HOOK,
    "history/commit_graph::_write_graph": NOTHING,
    "outgoing/credentials::find_credential": PASSWORD,
    "outgoing/credentials::store_login_result": PASSWORD,
    "reviewers/reviewer::ask": REVIEWER,
    "backports/work_clone::build_backport": BUILD,
    "checking/tree_checkpatch::run_checkpatch": CHECKPATCH,
    "checking/worker_pool::_start_worker": NOTHING,
    "checking/worker_pool::run_in_order": NOTHING,
}
"""Programs that are started with a list created elsewhere, or by Python's own functions."""

WORDS: dict[Kind, dict[str, tuple[str, ...]]] = {
    AGENTS: {"mcp/run_command::run_command": ("*arguments", "sys.executable")},
    IDS: {
        "backports/patches::compute_range_diff": (
            "f'{backported}^!'",
            "f'{original.id}^!'",
        ),
        "backports/patches::_read_diff": ("new", "old"),
        "backports/patches::format_series": ("backported.id",),
        "backports/conflict_reasons::_find_branch_commits": ("tip",),
        "backports/conflict_reasons::_misplaced_hunk_hints": (
            "applied.merge.tree",
            "tree",
        ),
        "checking/history_facts::RepositoryFacts._recent": ("base.id",),
        "commits/fix_commit::FixCommit.diff_lines": ("self.id",),
        "backports/line_history::_read_log": ("*options",),
        "backports/line_history::find_older_names": ("commit", "tip"),
        "commits/object_store::ScratchStore._list_renames": ("base", "commit"),
        "commits/object_store::ScratchStore.grep": ("*flags", "tree"),
        "commits/object_store::ScratchStore.merge_trees": (
            "our_commit",
            "their_commit",
        ),
        "backports/symbols::find_adding_commit": ("f'{fix.id}^'",),
        "building/tree_state::TreeState.grep": ("*flags", "self.commit"),
        "building/tree_state::TreeState._list_files": ("self.commit",),
        "commits/repository::Repository.first_parents": ("tip",),
        "commits/b4_prep::_find_fork_point": ("start", "tip"),
        "commits/repository::Repository.changed_files": ("new", "old or EMPTY_TREE"),
        "commits/make_commits::_write_commit": ("parent", "tree"),
        "commits/make_commits::_make_temporary_index": ("tip",),
        "commits/make_commits::_commit_or_find": ("tip",),
        "commits/move_branch::move_checked_out_branch": ("new",),
        "checking/changed_lines::keep_changed_lines": ("revision",),
        "checking/net_change::read_net_change": ("end", "fork", "start"),
        "checking/tip_places::_CommitMap._renamed": ("self._commit", "self._tip"),
        "commits/range::_read_with_merges": ("f'{start}..{end}'",),
        "sending/questions::find_creating_commit": ("commit",),
        "commits/range::list_range_commits": ("f'{start}..{end}'",),
        "commits/range::_resolve_range": ("f'{start}..{end}'",),
        "commits/range::format_commit_patch": ("commit_id",),
        "commits/rebase_edits::carry_edits_over": ("new", "old"),
        "commits/rebase_edits::read_blob_hunks": ("after", "before"),
        "commits/repository::Repository.is_ancestor": ("new", "old"),
        "commits/rewrite::list_commits_above": ("head",),
        "commits/rewrite::_find_containing_ref": ("commit",),
        "commits/rewrite::move_branch_ref": ("new", "old"),
        "commits/tree_readers::CommitTree.files": ("self.commit_id",),
        "commits/undo_refs::record_undo": ("commit",),
        "commits/build_trust::_find_build_change": ("base", "commit", "f'{commit}^{{tree}}'"),
        "commits/build_trust::list_build_changes": ("f'{commit}^@'",),
        "commits/build_trust::refuse_unconfined_script": ("f'{branch}:{script}'",),
        "commits/build_trust::find_trusted_base": ("ancestor", "commit", "*tips"),
        "commits/branch_move_journal::_list_changed_paths": ("move.new", "move.old"),
        "commits/branch_move_journal::restore_interrupted_move": (
            "move.target",
            "head",
        ),
        "commits/branch_move_journal::_check_out": ("commit",),
        "checking/history_facts::RepositoryFacts.list_removed_lines": ("*trees",),
        "history/earlier_fixes::_LogReader._git": ("*arguments",),
        "history/earlier_fixes::_LogReader.read": ("*self.range",),
        "history/earlier_fixes::_LogReader.add_old_names": ("*self.range", "commit"),
        "backports/named_prerequisites::PrerequisiteReader._list_commits": ("tip",),
        "backports/reverted_fix::_list_mentioning": ("f'{revert}..{mainline}'",),
        "finding/find_introduction::find_introduction": ("f'{start}..{end}'",),
        "history/stable_branches::find_release_revision": ("branch.tip",),
        "history/earlier_fixes::find_same_patch": ("tree.tip",),
        "sending/plan::_note_single_commit": ("f'{ids[0]}..{head}'",),
        "history/history_index::_read_new_facts": ("*tips",),
        "history/missing_fixes::_read_messages": ("mainline",),
        "history/missing_fixes::find_commit_at": ("branch",),
        "history/patch_similarity::read_changed_lines": ("commit",),
        "history/patch_similarity::have_common_file": ("commit",),
        "history/stable_branches::is_commit_queued": ("tip",),
        "outgoing/b4/b4_series::_find_undecodable_commit": ("id_",),
        "outgoing/b4/enrollment::_fork_point": ("*filter(None, tips)",),
        "outgoing/target_tree::compute_file_fit": ("target.tip",),
        "backports/work_clone::build_backport": ("commits[-1].id",),
        "backports/work_clone::_prepare_clone": ("base", "commit", "ref"),
        "backports/work_clone::_has_ref": ("ref",),
        "backports/work_clone::_pick": ("step.commit.id",),
        "backports/work_clone::_continue_resolution": ("f'{base}..{head.id}'",),
        "finding/searched_tree::name_version": ("found",),
        "history/releases::find_release_of_series": ("f'{commit}..{tip}'",),
        "checking/editor_check::EditorCheck.changed": ("self._start",),
        "topic/reroll::record_complete_send": ("send.head",),
        "sending/plan::_compare_with_last_version": ("*tips",),
        "checking/experience::_has_commit": ("*(*options, base, *searched, '--')",),
        "checking/merges::add_topic_merges": ("f'{series.base}..HEAD'",),
        "commits/merge_changes::_diff_with_merge": ("*arguments", "commit.id", "merged"),
        "commits/merge_changes::_make_patch": ("commit.id",),
        "commits/range::read_merges": ("f'{start}..{end}'",),
        "commits/range::_show_renamed_code": ("commit",),
        "commits/range::_has_links": ("commit",),
        "tags/find_culprits::_list_unpublished_commits": ("end", "start"),
        "tags/find_culprits::_list_commits_since_base": (
            "base.start",
            "commit.id",
        ),
        "tags/topic_culprits::compare_culprit_and_fix": ("culprit",),
        "commits/range::_read_linear_history": ("f'{parents[0][0]}..{ids[-1]}'",),
        "topic/base::BaseSearch.search_upstream": ("self.head", "upstream.name"),
        "topic/patches::read_topic_patches": ("f'{commits[0].id}^..HEAD'",),
        "finding/candidates::_grep_lines": ("rev",),
        "finding/candidates::_list_paths": ("rev",),
        "finding/candidates::read_messages": ("*arguments",),
        "finding/candidates::find_touching_commits": ("f'{since}..{tip}'",),
        "finding/bisect_fix::_find_bisect_step": (
            "*bad_commits",
            "[tip, *good_commits][-1]",
            "affected_commit",
        ),
        "tags/blame::_run_blame": ("rev",),
        "tags/commit_change::_read_log": ("*revisions",),
        "tags/commit_change::read_change": ("commit", "parent"),
        "tags/last_uses::_find_unused_names": ("revision",),
        "tags/overrides::move_bisected_first": ("*bad",),
        "archive/landed_series::find_commits_in_trees": ("*arguments", "*range_arguments"),
        "archive/landed_series::_match_changes": ("*arguments",),
    },
    SEARCHED: {
        "reviewers/request_sections::_grep_c_files": (
            "*('grep', '-n', '-z', '--full-name', '-I', *grep_options, revision, '--', *globs)",
        ),
        "reviewers/request_sections::_list_earlier_commits": ("*arguments",),
        "reviewers/review::_tree_contains": (
            "*('grep', '-q', '-I', *options, '-e', text, '--', *paths)",
        ),
    },
    NAMES: {
        "commits/branch_managers::_find_stgit_patch": ("prefix",),
        "commits/repository::Repository.refs_containing": ("*names",),
        "commits/b4_prep::_find_fork_point": ("base_branch",),
        "commits/rewrite::_find_containing_ref": ("*prefixes", "*refs"),
        "commits/rewrite::move_branch_ref": ("ref or 'HEAD'",),
        "commits/undo_refs::record_undo": ("f'{REFS}/{attempt}'",),
        "commits/branch_move_journal::restore_interrupted_move": ("move.ref or 'HEAD'",),
        "commits/branch_move_journal::_matches_either": ("f'{commit}:{path}'",),
        "topic/reroll::record_complete_send": ("name",),
    },
    FILES: {
        "building/work_place::Workspace.checkout": ("str(self.tree)",),
        "outgoing/am_roundtrip::_describe_damage": (
            "str(message_file)",
            "str(diff_file)",
        ),
        "outgoing/git_recipients::_run_command": ("str(path)",),
        "outgoing/send_email/git_send_email::capture_send_email": ("str(files)",),
        "outgoing/target_tree::compute_file_fit.applies": ("str(file)",),
        "backports/work_clone::_clone_without_checkout": (
            "str(link)",
            "str(clone)",
            "str(source)",
        ),
        "commits/private_config::read_b4_file_entries": ("str(file)",),
        "topic/edit_commits::edit_file": ("str(file)",),
    },
    REMOTES: {
        "setup/fetch_branches::fetch_branches": (
            "missing.remote",
            "missing.url",
        ),
    },
    AGREED: {"setup/run_fix::run_fix_command": ("*",)},
    VALUES: {
        "outgoing/b4/enrollment::unenroll_branch": ("description[-1]",),
        "outgoing/b4/tracking::store_tracking_data": ("cover", "json.dumps(new_data)"),
        "commits/b4_prep::read_b4_values": ("key",),
        "commits/private_config::copy_branch_settings": ("key", "value"),
        "outgoing/transport::Transport.recipient_values": ("key",),
        "setup/install_hooks::install_named_hooks": ("make_b4_command()",),
        "backports/work_clone::_clone_without_checkout": (
            "identity.email",
            "identity.name",
        ),
        "setup/install_hooks::_remove_b4_setting": ("value",),
        "setup/mail::_read_previous_value": ("key",),
        "setup/mail::write_mail_settings": (
            "setting.key",
            "setting.value",
        ),
    },
    OPTIONS: {
        "archive/cve_records::CveRecords._list": ("*options", "*paths"),
        "backports/named_prerequisites::PrerequisiteReader._list_commits": ("*options",),
        "building/configuration::compiler_version": ("program",),
        "tags/blame::_run_blame": ("*options",),
        "outgoing/b4/b4_command::find_user_b4": ("path",),
        "checking/history_facts::RepositoryFacts._walk": ("*words",),
        "commits/build_trust::_list_refs": ("*options",),
        "backports/patches::format_series": ("*recipients",),
        "commits/make_commits::_write_commit": ("parent", "tree"),
        "commits/make_commits::_make_temporary_index": ("tip",),
        "commits/move_branch::move_checked_out_branch": ("*branch_options",),
        "commits/rewrite::_sign_commit": ("*parent_options", "parts['tree']"),
        "commits/submodules::_list_submodule_names": ("option", "variable"),
        "outgoing/compose_mails::make_commit_bodies": ("*args", "*revisions"),
        "outgoing/send_email/git_send_email::capture_send_email": (
            "*_make_argv(repository, account, bcc, identity, _copies_sender(account, messages))",
        ),
        "outgoing/target_tree::compute_file_fit.applies": ("*options",),
        "recipients/contact_history::_read_history": ("*arguments",),
        "recipients/get_maintainer/git_signers::GitHistory._add_blamed": ("*args",),
        "recipients/get_maintainer/git_signers::GitHistory._log": ("*args",),
        "topic/posted_elsewhere::_read_tagged_patches": ("*revisions",),
        "commits/message_mail::make_message_mail": ("base",),
        "topic/edit_commits::edit_file": ("editor",),
        "topic/edit_commits::run_mail_setup": ("sys.executable",),
        "topic/edit_commits::merge_edited_text": ("base", "other", "yours"),
        "archive/landed_series::_find_by_content": ("*arguments",),
        "threads/known_senders::_addresses_in_commits": ("*arguments",),
        "archive/local_mails::_Epochs._commits": ("output_option",),
    },
    CALLERS: {
        "commits/git_command::git": ("*args",),
        "commits/git_command::stream_output": ("*args",),
        "commits/object_store::ScratchStore.git": ("*args",),
        "commits/mail_commits::MailCommits.git": ("*args",),
        "commits/repository::Repository.git.run": ("*args",),
        "commits/repository::Repository.rev_list": ("*args",),
        "recipients/get_maintainer/git_signers::GitHistory._git": ("*args",),
    },
    MSMTP: {"outgoing/hand_over::_ask_msmtp": ("*options", "*words", "program")},
    RECIPIENTS: {
        "outgoing/smtp::_submit_with_program": ("*arguments",),
        "outgoing/b4/b4_send::capture_b4_messages": (
            "*options",
            "*make_recipient_options(to, cc)",
            "*make_suppressing_options()",
        ),
        "outgoing/b4/web_endpoint::post_series": (
            "*make_suppressing_options()",
            "*options",
        ),
    },
    TARGETS: {
        "building/module_symbols::needed_symbols.run_tool": ("*arguments", "target"),
        "building/semantic_patches::_run_coccinelle": ("*arguments",),
        "building/make_objects::Maker._test_header": ("self._configuration.compiler",),
        "building/make_objects::Maker._make": (
            "*self._configuration.words",
            "*arguments",
        ),
    },
    NOTHING: {"commits/confinement::_try_prefix": ("*prefix",)},
    CHECKED: {
        "building/field_checkers::_run_script": ("location.commit",),
    },
    SANDBOX: {
        "cli/commands/demo::command": ("*",),
        "demo/journey::Journey.run": ("*",),
        "demo/robin::_read_messages": ("match[1]",),
        "demo/robin::_send_mail": ("*config_command",),
        "demo/upstream::judge_stable_branches": ("*",),
        "demo/upstream::land": ("mainline",),
        "demo/upstream::take_into_stable": ("commit",),
        "demo/upstream::_open_clone": ("branch", "str(clone)", "str(server)"),
    },
}
"""Words that are not literals, by location, with their sources."""

MARK = "zzhostile"
HOSTILE_WORDS = (f"--upload-pack={MARK}", f"-{MARK}", f"--{MARK}")
TRACKING = {
    "series": {
        "revision": 1,
        "change-id": HOSTILE_WORDS[0],
        "base-branch": HOSTILE_WORDS[0],
        "prefixes": [],
    }
}


def test_every_process_start_is_listed() -> None:
    rows: dict[str, set[str]] = {start: {"*"} for start in PROGRAMS}
    for kind in WORDS.values():
        for start, words in kind.items():
            rows.setdefault(start, set()).update(words)
    assert {row: tuple(sorted(words)) for row, words in rows.items()} == find_process_starts()


def test_every_proof_is_an_existing_test() -> None:
    for kind in {*WORDS, *PROGRAMS.values()}:
        assert kind.proofs, kind.words
        for proof in kind.proofs:
            file, _, name = proof.partition("::")
            assert f"\ndef {name}(" in (ROOT / file).read_text(), proof


def test_new_process_start_is_found(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(
        "import subprocess as s\n"
        "import os, webbrowser\n"
        "from subprocess import Popen as P\n"
        "from patchpilot.commits.git_command import git as g\n"
        "from patchpilot.commits.run import run\n"
        "def a(): s.run(['x'])\n"
        "def b(): os.system('x')\n"
        "def c(): webbrowser.open(url)\n"
        "def d(): P(['x'])\n"
        "class E:\n"
        "    def e(self): self.app.open_url(url)\n"
        "def f(word): repository.git('log', '--max-count=1', word, '--', path)\n"
        "def h(word): run(['x', '-e', word, word])\n"
        "def i(words):\n"
        "    words += ['x']\n"
        "    g(top, 'log', *words)\n"
        "def j(when): g(top, 'log', f'--since={when}', '--', when)\n"
        "def k(word):\n"
        "    words = ['--', word]\n"
        "    repository.git('log', *words)\n"
        "def m(word):\n"
        "    words = ['x']\n"
        "    words.append(word)\n"
        "    repository.git('log', *words)\n"
        "async def n(): await loop.subprocess_exec(x)\n"
    )
    assert find_process_starts(tmp_path) == {
        "new::a": ("*",),
        "new::b": ("*",),
        "new::c": ("*",),
        "new::d": ("*",),
        "new::E.e": ("*",),
        "new::f": ("word",),
        "new::h": ("word",),
        "new::i": ("*words",),
        "new::m": ("*words",),
        "new::n": ("*",),
    }


def test_shell_runs_only_user_commands() -> None:
    scripts: dict[str, set[str]] = {}
    for file, tree in trees("shell", '"-c"'):
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.keyword) and node.arg == "shell"), file
            words = node.elts if isinstance(node, ast.List | ast.Tuple) else []
            if [word.value for word in words[:2] if isinstance(word, ast.Constant)] == [
                "sh",
                "-c",
            ]:
                scripts.setdefault(file.relative_to(SOURCE).as_posix(), set()).add(
                    ast.unparse(words[2])
                )
    assert scripts == {
        "cli/pager.py": {"command"},
        "outgoing/git_recipients.py": {"f'{command} \"$@\"'"},
        "outgoing/smtp.py": {"f'{account.sendmail} \"$@\"'"},
        "topic/edit_commits.py": {"f'{editor} \"$@\"'"},
    }


@pytest.fixture(scope="module")
def hostile_repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Create a fix in which all names are hostile.

    Its refs, files, tags, authors, MAINTAINERS and tracking data start with '-'.
    """
    repo = create_conflicting_patches(tmp_path_factory.mktemp("hostile") / "repo", end="")
    head = repo.git("rev-parse HEAD")
    files = {f"{word}.c": "int hostile;\n" for word in HOSTILE_WORDS}
    lines = "".join(
        f"M:\t{word} <{word}@x.example>\nL:\t{word}@x.example\nF:\t{word}.c\nT:\tgit {word}\n"
        for word in HOSTILE_WORDS
    )
    files["MAINTAINERS"] = (repo.path / "MAINTAINERS").read_text() + lines
    tags = "".join(
        f'Fixes: {word} ("{word}")\nReported-by: {word} <{word}@x.example>\nCc: {word}'
        f" <a@x.example>\nLink: {word}\n"
        for word in HOSTILE_WORDS
    )
    message = (
        f"{HOSTILE_WORDS[0]}: fix it\n\nThis reverts commit"
        f" {HOSTILE_WORDS[1]}.\n\n{tags}Signed-off-by: Ada Fixer <ada@example.org>"
    )
    repo.commit(message, files, author=f"{HOSTILE_WORDS[1]} <a@x.example>")
    for word in HOSTILE_WORDS:
        for ref_namespace in (
            "heads/",
            "tags/",
            "tags/v",
            "remotes/",
            "remotes/origin/",
            "tags/sent/",
        ):
            repo.git("update-ref", f"refs/{ref_namespace}{word}", head)
        repo.git("config", f"remote.{word}.url", word)
        repo.git("config", f"branch.{word}.remote", word)
    repo.git("config branch.topic.remote", HOSTILE_WORDS[0])
    repo.git("config branch.topic.merge", f"refs/heads/{HOSTILE_WORDS[0]}")
    repo.put("MAINTAINERS", files["MAINTAINERS"])
    return repo


CALLS = (
    ("check", "--strict"),
    ("check", "--base", HOSTILE_WORDS[0]),
    ("maintainers",),
    (
        "maintainers",
        "--format",
        "get_maintainer",
        "--git",
        "-f",
        f"./{HOSTILE_WORDS[0]}.c",
    ),
    ("fixes", "HEAD"),
    ("stable", "HEAD"),
    ("backport", "HEAD"),
    ("backport", "HEAD~", "--write", "{out}"),
    ("draft",),
    (
        "send",
        "--to",
        "list@example.org",
        "--yes",
        "--force",
        "hostile",
        "--via",
        "git-send-email",
    ),
    ("send", "--to", "list@example.org", "--yes", "--force", "hostile", "--via", "b4"),
    ("trailers",),
    ("doctor", "--offline"),
    ("undo", "list"),
)


@pytest.mark.parametrize("argv", CALLS, ids=" ".join)
def test_outside_text_is_never_an_option(
    hostile_repo: Repo,
    tmp_path: Path,
    argv: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[list[str]] = []
    real = subprocess.Popen.__init__

    def record_arguments(
        self: object, args: object, *options: object, **named_options: object
    ) -> None:
        calls.append(
            [str(argument) for argument in args] if isinstance(args, list | tuple) else [str(args)]
        )
        real(self, args, *options, **named_options)  # type: ignore[arg-type,call-overload]

    if "b4" in argv:
        hostile_repo.git("config --unset-all branch.topic.b4-tracking", must_succeed=False)
    else:
        # b4 itself rejects a base like this
        hostile_repo.git("config branch.topic.b4-tracking", json.dumps(TRACKING))
        hostile_repo.git("config branch.topic.b4-prep-cover-strategy branch-description")
    monkeypatch.setattr(subprocess.Popen, "__init__", record_arguments)
    with FaultySink() as server:
        configure_mail_server(hostile_repo, server)
        words = (word.format(out=tmp_path / "out") for word in argv[1:])
        outcome = call(argv[0], "-C", hostile_repo.path, *words)
    assert outcome.code != ExitCode.BUG, outcome.err
    assert calls, outcome.err
    assert argv[0] != "send" or outcome.code == ExitCode.OK, outcome.err
    for words_of_call in calls:
        read = takewhile(lambda word: word not in ENDS, words_of_call)
        assert not [word for word in _drop_option_values(read) if word.startswith(HOSTILE_WORDS)], (
            words_of_call
        )


def _drop_option_values(arguments: Iterator[str]) -> Iterator[str]:
    """Yield the arguments of a command.

    If `git config` is called without options, omit the values after the key.
    """
    is_config = False
    for argument in arguments:
        yield argument
        if is_config and not argument.startswith("-"):
            return
        is_config = is_config or argument == "config"


@pytest.mark.parametrize("word", [*HOSTILE_WORDS, "", "HEAD\n"])
def test_dashed_word_is_not_a_revision(hostile_repo: Repo, word: str) -> None:
    with Repository.open(hostile_repo.path) as repository:
        assert repository.find(word) is None
        with pytest.raises(UsageError):
            repository.resolve(word)


def test_git_config_reads_no_later_option(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    with Repository.open(repo.path) as repository:
        for value in ("--unset-all", "-z", "--global", *HOSTILE_WORDS):
            repository.git("config", "branch.x.description", value)
            assert repository.config("branch.x.description") == (value,)


def test_object_name_with_a_newline_is_not_found(hostile_repo: Repo) -> None:
    with CatFile(hostile_repo.path) as objects:
        assert objects.get("HEAD:frob.c\nHEAD:frob.h") is None
        assert objects.get("HEAD:frob.h") is not None
        assert objects.get(f"HEAD:{HOSTILE_WORDS[0]}.c") is not None


@pytest.mark.parametrize("key", ["smtpuser", "smtpserver"])
def test_password_stays_with_its_host(tmp_path: Path, key: str) -> None:
    repo = Repo(tmp_path / "r")
    repo.git("config --global sendemail.smtpserver mail.example.org")
    repo.git("config --global sendemail.smtpuser ada")
    repo.git("config --global", f"sendemail.{key}", "ada\nhost=git.example.com")
    repo.git("config --global credential.helper '!echo password=secret; echo'")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(RefusedError, match="contains a line break"),
    ):
        find_credential(repository, read_account(repository), terminal=False)


@pytest.mark.parametrize("path", ["--self-test", "-f", "a;b.c", "a$(id).c"])
def test_tree_script_gets_no_option(tmp_path: Path, path: str) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "checkpatch.pl").write_text("die 'it ran';")
    text = (
        f"From: a@x.org\nSubject: x\n\nx\n---\ndiff --git a/{path} b/{path}\n--- a/{path}\n+++"
        f" b/{path}\n@@ -1 +1 @@\n-a\n+b\n"
    )
    with pytest.raises(RefusedError, match="passes paths to a shell"):
        run_checkpatch(parse_patch(text.encode(), "p"), tmp_path, strict=False, max_line_length=100)
