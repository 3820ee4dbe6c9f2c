"""A case moves through its life-cycle by hand, or because the reporter wrote."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.tickets import Resolver, ResolverKind, TicketState, TicketStateChanged
from tickets.cases import deadlines
from tickets.cases.case import Case, Cause, Change, Draft, Party, changed, is_with_body
from tickets.cases.exchanges import withdrawn
from tickets.cases.lifecycle import CLOCK_STANDS, SOLVED
from tickets.cases.town import Town


def moved(
    case: Case,
    after: TicketState,
    town: Town,
    cause: Cause,
    *,
    reason: str | None = None,
    words: str | None = None,
    solvers: Sequence[Party] = (),
) -> Change:
    """The case in another state. Whether it may go there is for the life-cycle's table to say.

    `solvers` hear of it beside the reporters: those who solve it, where somebody else moved it.
    """
    fields: dict[str, Any] = {"state": after, **_clock(case, after, town, cause)}
    taken_back: list[Draft] = []
    if after in (TicketState.RESOLVED, TicketState.REJECTED):
        fields["solved_at"] = cause.at
    elif after == TicketState.CLOSED:
        fields["closed_at"] = cause.at
    elif case.state in SOLVED:
        fields |= {"solved_at": None, "closed_at": None}
        if is_with_body(case) and case.team is not None:
            # The outside body is done with it: who answers for it in the town goes on.
            team = Resolver(kind=ResolverKind.TEAM, code=case.team)
            case, taken_back = withdrawn(case, team, town, cause)
            fields |= {"resolver": team, "resolver_name": None}
    if after == TicketState.SET_ASIDE:
        fields["route_by"] = None
    draft = Draft(
        TicketStateChanged,
        cause,
        concerned=(*case.reporters, *solvers),
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
    return changed(case, cause, **fields), [*taken_back, draft]


def clock_going(case: Case, town: Town, cause: Cause) -> dict[str, Any]:
    """The fields of a case whose clock runs from now on, and how long it has stood until then."""
    if case.promise is None:
        return {}
    stood = timedelta(seconds=case.waited_seconds) + deadlines.stood(case.deadlines, cause.at)
    due = deadlines.postponed(case.promise, stood, town.calendar)
    return {"deadlines": deadlines.running(case.deadlines, due), "waited_seconds": int(stood.total_seconds())}


def _clock(case: Case, after: TicketState, town: Town, cause: Cause) -> dict[str, Any]:
    if after in CLOCK_STANDS:
        return {"deadlines": deadlines.paused(case.deadlines, cause.at)}
    if case.state not in CLOCK_STANDS | SOLVED and after not in SOLVED:
        return {}
    # Also where it is solved out of a wait: if it is reopened, that wait counts.
    going = clock_going(case, town, cause)
    return {**going, "deadlines": deadlines.met(going.get("deadlines", case.deadlines))} if after in SOLVED else going
