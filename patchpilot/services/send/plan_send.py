# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans a send: creates all messages, and finds the problems that block sending.

This is the first part of the command `send`. Nothing is sent.
"""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import without_covers
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.action import Action, Hint
from patchpilot.model.progress import Progress, silent
from patchpilot.model.recipient import refuse_many
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.header_guard import refuse_breaks, refuse_foreign
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.preflight import blockers, warnings
from patchpilot.outgoing.preflight_passed import passed
from patchpilot.outgoing.transport import Transport
from patchpilot.projects.detection import layered
from patchpilot.series.recipient_edits import on_one_line
from patchpilot.services.send.concurrent_sends import sent_before
from patchpilot.services.send.mail_recipients import addressees
from patchpilot.services.send.mail_text import wording_of
from patchpilot.services.send.preflight_facts import gather_facts
from patchpilot.services.send.propose_prefix import mark_warnings
from patchpilot.services.send.questions import answered, is_regression, unclear_fixes
from patchpilot.services.send.review_warnings import open_point_warnings, tag_warnings
from patchpilot.services.send.sending import Sending
from patchpilot.services.send.undisclosed import refuse_public_server
from patchpilot.topic.find_topic import (
    as_asked,
    base_of_topic,
    find_topic,
    named_patches,
)
from patchpilot.topic.finish_send import finish_sends
from patchpilot.topic.reroll import reroll
from patchpilot.topic.topic_project import project_of


def plan(
    repository: Repository, request: SendRequest, *, progress: Progress = silent
) -> Sending:
    """Returns the plan of a send: the messages, recipients, problems and warnings.

    Nothing is sent, and the draft is not changed except for the Message-IDs that the plan
    shows. Raises `RefusedError` if there are no recipients, and `MissingError` if git has no
    identity.
    """
    transport = transports.find(request.via)
    on_one_line("--to", request.to)
    on_one_line("--cc", request.cc)
    account = transport.account(repository, request.identity)
    transport.refuse_untrusted(repository, account)
    if account.sender is None:
        raise MissingError(
            "git user.name and user.email are not set",
            hint=(
                "run `git config --global user.name 'Your Name'; git config --global user.email"
                " you@example.org`"
            ),
        )
    progress("reading the topic")
    finished = finish_sends(repository)
    series, ids = patches = named_patches(repository, request)
    refuse_breaks([repository.commit(id_) for id_ in ids])
    project = project_of(repository, request.profile, series)
    draft = find_topic(repository, request, patches).draft
    if not request.profile:
        # commits have no prefix: the draft says which tree they are for
        project = layered(project, [draft.prefix.split()])
    request = replace(request, profile=project.name)
    draft = as_asked(reroll(draft, repository), request) if request.reroll else draft
    draft = answered(repository, draft, request)
    refuse_public_server(draft, account)
    base = base_of_topic(repository, request, ids)
    progress("looking up recipients")
    people = addressees(repository, request, account, draft, series, project=project)
    if not people.recipients and not request.to_self:
        raise RefusedError(
            "no recipients",
            hint=Hint(
                (
                    Action("", ("--to",), "use {} and --cc to add recipients"),
                    Action(
                        "maintainers",
                        (),
                        "; `{}` finds them in a tree with MAINTAINERS",
                    ),
                )
            ),
        )
    if not request.to_self:
        refuse_many(len(people.recipients), request.force)
    text = wording_of(repository, request, draft, series, base if ids else None)
    planned = Sending(
        request=request,
        transport=transport,
        account=account,
        draft=draft,
        send=Send(
            id=0,
            change_id=draft.change_id,
            repository=draft.repository,
            branch=draft.branch,
            version=text.version,
            transport=request.via,
            account=account.label,
            sender=account.sender.header(),
            kind="to-self" if request.to_self else "real",
            base=base,
            head=_head(repository, transport, ids),
            force=request.force,
            bcc=people.bcc,
            begun="",
            entries=(),
            identity=request.identity,
            undisclosed=draft.is_undisclosed,
        ),
        series=series,
        ids=ids,
        text=text,
        recipients=people.recipients,
        judged=sent_before(draft),
    )
    progress("making the messages")
    rendered = transport.render(repository, planned)
    refuse_foreign(rendered.messages)
    planned = replace(
        planned,
        send=replace(
            planned.send,
            entries=rendered.messages,
            tracking_data=rendered.tracking_data,
        ),
        remarks=(*finished, *rendered.remarks),
    )
    facts = gather_facts(repository, planned, project, people.trees, progress)
    blocking, warned = blockers(facts), warnings(facts)
    warned = (
        *warned,
        *mark_warnings(
            rendered.messages, project.name, is_regression=is_regression(draft)
        ),
        *tag_warnings(repository, request, draft, ids),
        *open_point_warnings(repository, draft),
        *unclear_fixes(repository, ids),
        *(SendProblem("recipients", remark) for remark in people.remarks),
    )
    in_order = passed(facts, [problem.name for problem in (*blocking, *warned)])
    if request.to_self:
        # a test mail does no harm: it shows what is received, also for a topic that is not ready
        warned = (
            *(
                replace(problem, message=f"blocks a real send: {problem.message}")
                for problem in blocking
            ),
            *warned,
        )
        blocking = ()
    return replace(planned, blockers=blocking, warnings=warned, passed=in_order)


def _head(
    repository: Repository, transport: Transport, ids: Sequence[str]
) -> str | None:
    """The commit that keeps what is sent: the one that is checked out, or the latest patch, without
    b4's cover commit below it.
    """
    if not ids:
        return None
    return (
        repository.find("HEAD")
        if transport.sends_checkout
        else without_covers(repository, ids)[-1]
    )
