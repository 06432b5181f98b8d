# SPDX-License-Identifier: GPL-2.0-or-later
"""Selects the rules and options for checking the patches of a project."""

from patchpilot.checking.check_request import CheckRequest
from patchpilot.checking.check_result import CheckRun
from patchpilot.lint.checkpatch_conf import read_conf, usable
from patchpilot.lint.lint_context import Options
from patchpilot.lint.project_rules import (
    adjusted,
    at_checkpatch_levels,
    check_style,
    for_whole_files,
)
from patchpilot.lint.rule_records import hidden_by_default
from patchpilot.lint.selection import choose
from patchpilot.model.rule import Rule
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import newest_kernel
from patchpilot.projects.project import Project


def set_up(
    request: CheckRequest, rules: tuple[Rule, ...], project: Project, tree: Tree | None
) -> CheckRun:
    """Returns the rules and options for checking patches of `project`, selected from all `rules`.

    Facts about the repository's history are not included.
    """
    conf = request.conf or read_conf(tree)
    # the tree's options precede those of the call, as with checkpatch.pl
    if (
        conf.max_line_length
        and request.max_line_length == CheckRequest().max_line_length
    ):
        request = request._replace(max_line_length=conf.max_line_length)
    if conf.help_lines:
        project = project._replace(
            style=project.style._replace(help_lines=conf.help_lines)
        )
    as_checkpatch = request.checkpatch_compat or request.checkpatch_levels
    options = Options(
        strict=request.strict or conf.strict,
        as_checkpatch=as_checkpatch,
        max_line_length=request.max_line_length,
        kernel=request.kernel
        or (tree.version if tree and project.kernel else None)
        or newest_kernel(),
        profile=project.name,
        data_dir=request.data_dir,
        checkpatch_compat=request.checkpatch_compat,
        whole_files=request.whole_files,
    )
    if project.files:
        check_style(rules, project)
    types = {rule.checkpatch for rule in rules}
    rules = choose(
        rules,
        kernel=options.kernel,
        profile=options.profile,
        select=request.select or [type_ for type_ in conf.types if type_ in types],
        ignore=(*request.ignore, *(type_ for type_ in conf.ignore if type_ in types)),
    )
    if not request.checkpatch_compat:
        rules = usable(rules, tree)
    if as_checkpatch:
        rules = at_checkpatch_levels(rules)
    if request.whole_files:
        rules = for_whole_files(rules)
    rules = adjusted(rules, project)
    if not options.strict:
        options = options._replace(hidden=hidden_by_default(rules, request.noise))
    return CheckRun(rules, options, project, tree, None)
