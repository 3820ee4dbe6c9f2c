"""A matter that stands in a case beside another one becomes a case of its own. Pure."""

from dataclasses import replace
from uuid import UUID

from contracts.tickets import TicketCorrected
from tickets.cases.assigning import Classification, classified, stricter
from tickets.cases.case import Case, Cause, Change, Draft, changed
from tickets.cases.opening import part_of
from tickets.cases.town import Town

SPLIT_OFF = "split-off"


def offered(case: Case, category: str) -> str | None:
    """The sentences that were offered as a further matter of this category."""
    return next((matter.text for matter in case.further if matter.category == category), None)


def split(
    case: Case, category: str, text: str, ids: tuple[UUID, UUID], town: Town, cause: Cause
) -> tuple[Change, Change]:
    """What happens to the case, and the new case of the same reporter. `ids`: of the new case, and of the operation, which both events
    carry. Nothing that was closed to many eyes is opened by it. Raises ValueError as `assigning.classified` does.
    """
    new_id, operation = ids
    left = [matter for matter in case.further if matter.category != category or matter.text != text]
    draft = Draft(TicketCorrected, cause, reason=SPLIT_OFF, fields={"operation": operation})
    opened, drafts = part_of(case, text, new_id, cause)
    own = town.category(category)
    if own is None:
        raise ValueError("not a category of the town")
    degree = stricter(case.confidentiality, own.confidentiality)
    wanted = Classification(category, confidentiality=degree, reason=SPLIT_OFF)
    new, further = classified(opened, wanted, town, cause)
    told = [replace(one, fields={**one.fields, "operation": operation}) for one in (*drafts, *further)]
    return (changed(case, cause, further=left), [draft]), (new, told)
