"""Hand-overs to outside bodies: how far each is, and what may follow. Pure."""

from contracts.tickets import Exchange, ExchangeState, Resolver, TicketExchangeUpdated
from tickets.cases.case import Case, Cause, Change, Draft, Party, changed, is_with_body
from tickets.cases.town import Town

FOLLOWS: dict[ExchangeState, frozenset[ExchangeState]] = {
    ExchangeState.REQUESTED: frozenset({ExchangeState.FAILED}),
    ExchangeState.SENT: frozenset({ExchangeState.REQUESTED, ExchangeState.FAILED}),
    ExchangeState.FAILED: frozenset({ExchangeState.REQUESTED, ExchangeState.SENT}),
    ExchangeState.ANSWERED: frozenset({ExchangeState.REQUESTED, ExchangeState.SENT, ExchangeState.FAILED}),
    ExchangeState.WITHDRAWN: frozenset({ExchangeState.REQUESTED, ExchangeState.SENT, ExchangeState.FAILED}),
}
"""What an exchange may have been before: a late word of the mail server reopens nothing that was answered or taken back."""


def requested(case: Case, party: Party, body: str, cause: Cause) -> Change:
    """The case is handed over to a body."""
    attempt = 1 + sum(exchange.body == body for exchange in case.exchanges)
    exchange = Exchange(body=body, state=ExchangeState.REQUESTED, attempt=attempt)
    return changed(case, cause, exchanges=[*case.exchanges, exchange]), [_told(exchange, cause, party)]


def moved_on(case: Case, body: str, state: ExchangeState, cause: Cause, *concerned: Party) -> Change:
    """The case with the latest exchange with a body in another state; unchanged where that state cannot follow."""
    for index in range(len(case.exchanges) - 1, -1, -1):
        if case.exchanges[index].body == body:
            break
    else:
        return case, []
    if case.exchanges[index].state not in FOLLOWS[state]:
        return case, []
    exchange = case.exchanges[index].model_copy(update={"state": state})
    exchanges = [*case.exchanges[:index], exchange, *case.exchanges[index + 1 :]]
    return changed(case, cause, exchanges=exchanges), [_told(exchange, cause, *concerned)]


def withdrawn(case: Case, resolver: Resolver, town: Town, cause: Cause) -> Change:
    """Takes a case back from the body that has it and has not answered."""
    if not is_with_body(case) or case.resolver is None or case.resolver == resolver:
        return case, []
    party = town.body(case.resolver.code)
    return moved_on(case, case.resolver.code, ExchangeState.WITHDRAWN, cause, *([party] if party is not None else []))


def _told(exchange: Exchange, cause: Cause, *concerned: Party) -> Draft:
    return Draft(TicketExchangeUpdated, cause, concerned=concerned, fields={"exchange": exchange})
