"""A case moves through its life-cycle by hand, or because the reporter wrote."""

from datetime import datetime
from typing import Any

from contracts.tickets import Deadline, Resolver, ResolverKind, TicketState, TicketStateChanged
from tickets.cases import deadlines
from tickets.cases.case import Case, Cause, Change, Draft, changed, is_with_body
from tickets.cases.lifecycle import CLOCK_STANDS, SOLVED


def moved(
    case: Case, after: TicketState, cause: Cause, *, reason: str | None = None, words: str | None = None
) -> Change:
    """The case in another state. Whether it may go there is for the life-cycle's table to say."""
    fields: dict[str, Any] = {"state": after, "deadlines": _clock(case.deadlines, case.state, after, cause.at)}
    if after in (TicketState.RESOLVED, TicketState.REJECTED):
        fields["solved_at"] = cause.at
    elif after == TicketState.CLOSED:
        fields["closed_at"] = cause.at
    elif case.state in SOLVED:
        fields |= {"solved_at": None, "closed_at": None}
        if is_with_body(case) and case.team is not None:
            # The outside body is done with it: who answers for it in the town goes on.
            fields |= {"resolver": Resolver(kind=ResolverKind.TEAM, code=case.team), "resolver_name": None}
    if after == TicketState.SET_ASIDE:
        fields["route_by"] = None
    draft = Draft(
        TicketStateChanged,
        cause,
        concerned=case.reporters,
        changed=("state", "resolver") if "resolver" in fields else ("state",),
        personal={
            "words": words,
            "subject": case.opening.subject,
            "place_phrase": case.place_phrase,
            "message_id": case.reply_to,
        },
        reason=reason,
        fields={"previous": case.state},
    )
    return changed(case, cause, **fields), [draft]


def _clock(due: list[Deadline], before: TicketState, after: TicketState, now: datetime) -> list[Deadline]:
    if after in SOLVED:
        return deadlines.met(due)
    if after in CLOCK_STANDS:
        return deadlines.paused(due, now)
    return deadlines.running(due, now) if before in CLOCK_STANDS | SOLVED else due
