# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan the recipients for a topic, series, patches or source files.

`maintainers`, the TUI and `send` use these plans.
"""

import fnmatch
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.commits.b4_prep import find_prep_branch_of
from patchpilot.commits.range import (
    FromArchive,
    is_existing_file,
    is_network_target,
    looks_like_file,
    refuse_missing_files,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree, DirectoryTree
from patchpilot.errors import InputError, MissingError
from patchpilot.history.stable_branches import find_mainline, list_mainline_tips
from patchpilot.maintainers import MaintainersFile, load_maintainers
from patchpilot.maintainers.load import make_empty_maintainers, read_conf_options
from patchpilot.model.address import Address
from patchpilot.model.get_maintainer import (
    GetMaintainerOptions,
    apply_option_layers,
    list_unused_options,
    parse_conf_options,
    read_script_defaults,
)
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series, parse_subject
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.recipient import COMMENTED, Recipient, RecipientPlan, select_for_patch
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import detect, find_project
from patchpilot.recipients.get_maintainer.git_signers import GitHistory
from patchpilot.recipients.plan import (
    RecipientSources,
    plan_patches,
    plan_paths,
    plan_undisclosed,
    plan_undisclosed_for_paths,
)
from patchpilot.recipients.warnings import drop_silence_warnings
from patchpilot.resources import TRACK_DATABASE, state_path
from patchpilot.series.patch_pairing import title_key
from patchpilot.series.recipient_edits import (
    RecipientEdits,
    find_topic_key,
    load_edits,
    parse_new_recipients,
    parse_option_addresses,
    save_edits,
)
from patchpilot.topic.read_series import has_drafts, read_series, set_series_prefix
from patchpilot.topic.upstream_state import add_topic_prefix

HISTORY_SECONDS = 8.0


@json_form(
    "source sources commits topic recipients=plan.recipients sections=plan.sections "
    "warnings=plan.warnings"
)
class PlannedRecipients(NamedTuple):
    """The recipient plan for one source, such as a series.

    `sources` contains its patches, or a single path. `topic` is the key under which the user's
    edits are stored, or None if they are not stored. `left_out` contains the recipients that the
    edits removed from the plan. `commits` contains the full commit ids if the source has commits.
    `undisclosed` is set for a fix that is not public yet.
    """

    source: str
    sources: tuple[str, ...]
    plan: RecipientPlan
    topic: str | None = None
    edits: RecipientEdits = RecipientEdits()
    left_out: tuple[Recipient, ...] = ()
    commits: tuple[str, ...] = ()
    undisclosed: bool = False

    def of_patch(self, number: int, patch: Patch) -> "PlannedRecipients":
        """Return the plan for one patch, with its recipients and the recipients that edits
        excluded.
        """
        recipients = select_for_patch(self.plan.recipients, number)
        planned = {recipient.address.key for recipient in recipients}
        excluded = {
            address.key
            for title, address, is_recipient in self.edits.single
            if title == patch.subject.title and not is_recipient
        } - planned
        return self._replace(
            source=patch.source,
            sources=(patch.source,),
            plan=self.plan._replace(recipients=recipients),
            left_out=(
                *self.left_out,
                *(
                    recipient
                    for recipient in self.plan.recipients
                    if recipient.address.key in excluded
                ),
            ),
            commits=(patch.commit,) if patch.commit else (),
        )


@json_form("tree repository results")
class PlanResult(NamedTuple):
    """All requested plans, with the tree and the repository used for them.

    `repository` is None if none was used.
    """

    results: tuple[PlannedRecipients, ...]
    tree: str
    repository: str | None


class MaintainersRequest(NamedTuple):
    """A request for the recipients of TARGETs, or of source files, folders or globs.

    Without targets, plan the recipients of the topic since `base`. `tree` is an unpacked tree,
    `repo` the directory of the repository, and `opened` the repository if it is already open.
    `switches` contains the options for get_maintainer.pl. `per_patch` requests one plan per patch.
    `security` requests the plan for a fix that is not public yet; it is implied if the author
    declared this for the topic. `from_archive` is the function that reads a TARGET that is a
    Message-ID or a URL.
    """

    targets: Sequence[str] = ()
    tree: Path | None = None
    repo: Path | None = None
    base: str | None = None
    switches: Mapping[str, Any] | None = None
    profile: str = ""
    per_patch: bool = False
    security: bool = False
    from_archive: FromArchive | None = None
    opened: Repository | None = None

    @contextmanager
    def repository(self, targets: Sequence[str]) -> Iterator[Repository | None]:
        """Open the repository from which recipients are read, until the context ends.

        Yield None if a `tree` is given or the TARGETs need no repository.
        """
        if self.tree or self.opened:
            yield None if self.tree else self.opened
            return
        repository = _open_repository(targets, self.repo)
        with repository or nullcontext():
            yield repository


def plan_targets(
    request: MaintainersRequest, *, progress: Progress = ignore_progress
) -> PlanResult:
    """Return one plan for each series that the TARGETs name; with `per_patch`, return one for each
    patch.
    """
    with request.repository(request.targets) as repository:
        if repository is None:
            refuse_missing_files(request.targets)
        source = find_source_tree(request.tree, repository)
        sources = make_recipient_sources(source, repository, request.switches, request.profile)
        results: list[PlannedRecipients] = []
        series = read_series(request.targets, repository, request.base, request.from_archive)
        patches = [patch for series_ in series for patch in series_.patches]
        if patches and not any(patch.has_diff for patch in patches):
            raise InputError(
                f"{patches[0].source}: changes no files",
                hint="pass a patch, or use -f FILE for the maintainers of a file",
            )
        for index, series_ in enumerate(series):
            progress("looking up recipients", index, len(series))
            if not series_.patches:
                continue
            undisclosed = request.security or _is_undisclosed(series_, repository)
            private = (
                _make_private_sources(sources, repository, request.switches, request.profile)
                if undisclosed
                else None
            )
            planned = _plan_recipients(
                add_topic_prefix(repository, series_), sources, repository, private
            )
            results += (
                itertools.starmap(planned.of_patch, enumerate(series_.patches, 1))
                if request.per_patch
                else [planned]
            )
        return PlanResult(tuple(results), source.label, str(repository.top) if repository else None)


def plan_series(
    series: Series,
    repository: Repository | None,
    *,
    profile: str = "",
    undisclosed: bool = False,
    prefix: str = "",
    participants: Sequence[Recipient] = (),
) -> PlannedRecipients:
    """Return a series' plan with the user's edits, for the TUI and `send`.

    `prefix` is the subject prefix of the draft, because commits have none.
    If the tree has no MAINTAINERS, the plan has only the recipients named in the message, and a
    note. `undisclosed` requests the plan for a fix that is not public yet. `participants` are
    recipients from the series' threads, which are added if they are not in the plan.
    """
    if any(patch.commit for patch in series.patches):
        series = set_series_prefix(series, prefix)
    source = find_source_tree(None, repository)
    try:
        sources = make_recipient_sources(source, repository, None, profile)
        notes: tuple[str, ...] = ()
    except MissingError as error:
        sources = make_recipient_sources(
            source, repository, None, profile, make_empty_maintainers()
        )
        notes = (f"{error.message}: only recipients named in the message are known",)
    private = _make_private_sources(sources, repository, None, profile) if undisclosed else None
    planned = _plan_recipients(series, sources, repository, private, participants)
    return planned._replace(plan=planned.plan._replace(warnings=(*notes, *planned.plan.warnings)))


def plan_files(request: MaintainersRequest) -> PlanResult:
    """Return one plan for each source file, folder or glob.

    Raise MissingError for a name that matches nothing in the tree.
    """
    with request.repository(()) as repository:
        source = find_source_tree(request.tree, repository)
        sources = make_recipient_sources(source, repository, request.switches, request.profile)
        private = (
            _make_private_sources(sources, repository, request.switches, request.profile)
            if request.security
            else None
        )
        results = []
        for target in request.targets:
            for path in expand_pattern(target, source):
                data = (
                    source.read(path) if path != "MAINTAINERS" and not path.endswith("/") else None
                )
                lines = data.decode("utf-8", "surrogateescape").split("\n") if data else []
                texts = [("", lines)]
                if private:
                    plan = _omit_unknown_maintainers(
                        plan_undisclosed_for_paths((path,), private.sources, texts),
                        plan_undisclosed_for_paths((path,), sources, texts),
                        private,
                    )
                else:
                    plan = plan_paths((path,), sources, texts)
                results.append(PlannedRecipients(path, (path,), plan, undisclosed=request.security))
        return PlanResult(tuple(results), source.label, str(repository.top) if repository else None)


def edit_recipients(
    planned: PlannedRecipients,
    *,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    drop: Sequence[str] = (),
    restore: Sequence[str] = (),
    reset: bool = False,
    patch: str = "",
) -> RecipientEdits:
    """Edit the recipients of a plan's topic and store the edits.

    `patch` limits the edits to the patch with this subject. Raise MissingError if the plan has no
    topic.
    """
    if planned.topic is None:
        raise MissingError(
            f"edits can only be kept for a topic, and {planned.source} is not one",
            hint="pass a series, not source files",
        )
    edits = RecipientEdits() if reset else planned.edits
    for address in parse_new_recipients(to, "--add-to"):
        edits = edits.place("to", address)
    for address in parse_new_recipients(cc, "--add-cc"):
        edits = (
            edits.edit_patch(patch, address, is_recipient=True)
            if patch
            else edits.place("cc", address)
        )
    for address in parse_option_addresses(drop, "--drop"):
        edits = (
            edits.edit_patch(patch, address, is_recipient=False) if patch else edits.drop(address)
        )
    for address in parse_option_addresses(restore, "--restore"):
        edits = edits.restore(address, patch)
    save_edits(planned.topic, edits)
    return edits


def find_absent_addresses(
    planned: Sequence[PlannedRecipients], drop: Sequence[str]
) -> tuple[Address, ...]:
    """Return the addresses to drop that none of the plans contains.

    Addresses that edits have already removed from a plan are not returned.
    """
    planned_keys = {
        recipient.address.key
        for plan in planned
        for recipient in (*plan.plan.recipients, *plan.left_out)
    }
    return tuple(
        address
        for address in parse_option_addresses(drop, "--drop")
        if address.key not in planned_keys
    )


def _open_repository(targets: Sequence[str], repo: Path | None) -> Repository | None:
    if repo:
        return Repository.open(repo)
    try:
        return Repository.open()
    except MissingError:
        if targets and all(
            target == "-"
            or is_existing_file(target)
            or looks_like_file(target)
            or is_network_target(target)
            for target in targets
        ):
            return None
        raise


def find_source_tree(tree: Path | None, repository: Repository | None) -> Tree:
    """Return the tree whose MAINTAINERS file is used.

    This is the first that exists of --tree, the working tree, HEAD and the current directory.
    """
    if tree:
        return DirectoryTree(tree)
    if repository is None:
        return DirectoryTree(Path.cwd())
    if not repository.bare and (repository.top / "MAINTAINERS").exists():
        return DirectoryTree(repository.top)
    return CommitTree(repository, repository.resolve("HEAD"))


def make_recipient_sources(
    source: Tree,
    repository: Repository | None,
    options: Mapping[str, Any] | None,
    profile: str = "",
    file: MaintainersFile | None = None,
) -> RecipientSources:
    """Return the sources from which a plan is made.

    By default, use the project that is detected from the tree. The tree's .get_maintainer.conf
    applies.
    """
    file = load_maintainers(source) if file is None else file
    arguments = read_conf_options(source)
    switches: GetMaintainerOptions = apply_option_layers(
        read_script_defaults(file.words.defaults), parse_conf_options(arguments), options or {}
    )
    history = None
    if repository and not repository.bare:
        history = GitHistory(repository.top, source, HISTORY_SECONDS)
    sender: Address | None = repository.identity if repository else None
    project = find_project(profile) if profile else detect(source, ())
    notes = list_unused_options(arguments)
    return RecipientSources(file, source, switches, project, repository, history, sender, notes)


class _PrivateSources(NamedTuple):
    """The sources of the plan for an undisclosed fix, and a note on where they are from, or ""."""

    sources: RecipientSources
    note: str = ""


def _make_private_sources(
    sources: RecipientSources,
    repository: Repository | None,
    options: Mapping[str, Any] | None,
    profile: str,
) -> _PrivateSources:
    """Return the sources of the plan for an undisclosed fix.

    All files are mainline's, because a commit of the branch may be a stranger's and may add its
    author to MAINTAINERS. An unpacked tree has no mainline.
    """
    if repository is None:
        return _PrivateSources(sources)
    mainline = find_mainline(repository)
    tree = CommitTree(repository, mainline.tip if mainline else repository.resolve("HEAD"))
    try:
        file = load_maintainers(tree)
    except MissingError:
        file = make_empty_maintainers()
    note = ""
    if mainline is None or mainline.tip not in list_mainline_tips(repository):
        name = mainline.name if mainline else "HEAD"
        note = (
            f"mainline is not fetched: the maintainers are from MAINTAINERS in {name}; check"
            " that each of them is one"
        )
    return _PrivateSources(
        make_recipient_sources(tree, repository, options, profile, file),
        note,
    )


def _omit_unknown_maintainers(
    plan: RecipientPlan, branch_plan: RecipientPlan, private: _PrivateSources
) -> RecipientPlan:
    """Add a warning for each maintainer of the branch's plan who is not in mainline's."""
    planned = {recipient.address.key for recipient in plan.recipients}
    omitted = tuple(
        f"{recipient.address.email} ({recipient.section or recipient.role}) is only in this"
        " branch's MAINTAINERS and was omitted; to include the address, name it with send --to"
        for recipient in branch_plan.recipients
        if recipient.address.key not in planned
    )
    notes = (private.note,) if private.note else ()
    return plan._replace(warnings=(*plan.warnings, *omitted, *notes))


def _is_undisclosed(series: Series, repository: Repository | None) -> bool:
    if repository is None or repository.bare or not has_drafts():
        return False
    from patchpilot.model.send_request import SendRequest
    from patchpilot.series.draft import Drafts
    from patchpilot.topic.find import read_topic

    with Drafts() as drafts:
        if not drafts.list_undisclosed():
            return False
    ids = tuple(patch.commit for patch in series.patches if patch.commit)
    return read_topic(repository, SendRequest(), (series, ids)).draft.is_undisclosed


def _plan_recipients(
    series: Series,
    sources: RecipientSources,
    repository: Repository | None,
    private: "_PrivateSources | None" = None,
    participants: Sequence[Recipient] = (),
) -> PlannedRecipients:
    """Return the plan with the user's edits. `private` is given for an undisclosed fix."""
    patches: tuple[Patch, ...] = (
        *series.patches,
        *((series.cover,) if series.cover else ()),
    )
    key = find_topic_key(series, repository)
    edits = load_edits(key)
    names = tuple(patch.source for patch in series.patches)
    ids = [patch.commit for patch in series.patches if patch.commit]
    if private:
        unedited = _omit_unknown_maintainers(
            plan_undisclosed(patches, private.sources), plan_undisclosed(patches, sources), private
        )
        # the user may have added recipients for a public send, and they must not learn of an
        # undisclosed fix; for this send, recipients can be named on the command line
        plan = _apply_edits(RecipientEdits(dropped=edits.dropped).apply(unedited), edits)
    else:
        unedited = plan_patches(
            patches,
            sources,
            find_prep_branch_of(repository, ids) if repository else None,
        )
        unedited = _add_participants(unedited, participants, sources.sender)
        titles = [patch.subject.title for patch in series.patches]
        plan = edits.apply(unedited, titles)
    planned_keys = {recipient.address.key for recipient in plan.recipients}
    left_out = tuple(
        recipient for recipient in unedited.recipients if recipient.address.key not in planned_keys
    )
    commits = tuple(patch.commit for patch in series.patches if patch.commit)
    plan = plan._replace(warnings=(*plan.warnings, *_delivery_warnings(series, plan)))
    return PlannedRecipients(names[0], names, plan, key, edits, left_out, commits, bool(private))


def _add_participants(
    plan: RecipientPlan, participants: Sequence[Recipient], sender: Address | None
) -> RecipientPlan:
    """Add the recipients from threads who are neither in the plan nor the sender.

    No warning states that somebody who replied is inactive.
    """
    by_key = {recipient.address.key: recipient for recipient in plan.recipients}
    replied = {one.address.key for one in participants if one.role == COMMENTED}
    active = [one.address for one in plan.recipients if one.address.key in replied]
    for recipient in participants:
        if sender is None or recipient.address.key != sender.key:
            by_key.setdefault(recipient.address.key, recipient)
    return plan._replace(
        recipients=tuple(by_key.values()), warnings=drop_silence_warnings(plan.warnings, active)
    )


def _delivery_warnings(series: Series, plan: RecipientPlan) -> Iterator[str]:
    titles = {title_key(patch.subject.title) for patch in series.patches}
    if series.cover:
        titles.add(title_key(series.cover.subject.title))
    planned = {recipient.address.key for recipient in plan.recipients}
    if not (state_path() / TRACK_DATABASE).exists():
        return
    # import these modules lazily, because only tracked topics need them
    from patchpilot.archive.track_store import Store
    from patchpilot.threads.known_series import read_stored_series

    with Store() as store:
        for entry in store.entries():
            if title_key(parse_subject(entry.subject).title) in titles:
                for report in read_stored_series(entry, store, None, ignore_progress).delivery:
                    if Address("", report.recipient).key in planned:
                        yield f"{report.words}; {report.advice}"


def _apply_edits(plan: RecipientPlan, edits: RecipientEdits) -> RecipientPlan:
    """Add a warning about the user's edits to the plan for an undisclosed fix.

    Recipients that the user added to the topic do not receive the fix.
    """
    planned = {recipient.address.key for recipient in plan.recipients}
    added = [address.email for _, address in edits.placed if address.key not in planned]
    if not added:
        return plan
    reason = (
        f"added manually, but not for an undisclosed fix: {', '.join(added)}; name them with send"
        " --to or --cc"
    )
    return plan._replace(warnings=(*plan.warnings, reason))


def expand_pattern(pattern: str, tree: Tree) -> tuple[str, ...]:
    """Return the paths in the tree that match the name of a file or folder, or a glob of files.

    A folder is returned with a trailing slash.
    """
    path = pattern.removeprefix("./").rstrip("/") if pattern not in (".", "./") else ""
    if isinstance(tree, DirectoryTree) and Path(pattern).is_absolute():
        root = tree.root.resolve()
        if Path(pattern).resolve().is_relative_to(root):
            path = Path(pattern).resolve().relative_to(root).as_posix()
    elif isinstance(tree, DirectoryTree) and not tree.exists(path) and (Path.cwd() / path).exists():
        resolved = (Path.cwd() / path).resolve()
        if resolved.is_relative_to(tree.root.resolve()):
            path = resolved.relative_to(tree.root.resolve()).as_posix()
    if tree.is_dir(path):
        return (f"{path}/",)
    if tree.exists(path):
        return (path,)
    if set(path) & set("*?["):
        folder = path[: min(path.find(char) for char in "*?[" if char in path)].rpartition("/")[0]
        files = tuple(file for file in tree.files(folder) if fnmatch.fnmatchcase(file, path))
        if files:
            return files
    raise MissingError(
        f"{pattern}: no such file or directory in {tree.label}",
        hint="-f accepts files, directories and globs in the tree",
    )
