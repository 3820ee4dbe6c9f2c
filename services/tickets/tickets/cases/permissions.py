"""Who of the staff may see which cases and do what with them: two tables, asked by every path that reads or changes.

Source of the roles: the roles of a Czech town office. A whistleblower's report is read by the competent person alone, not even
by the dispatcher or an administrator (§ 11 of act 171/2023 Sb.).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from contracts.types import Confidentiality


class StaffRole(StrEnum):
    """What somebody of the town may be to the helpdesk; one person may have several roles."""

    READER = "reader"
    RESOLVER = "resolver"
    DISPATCHER = "dispatcher"
    SECRETARY = "secretary"
    WHISTLEBLOWING_OFFICER = "whistleblowing-officer"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be done with a case that one sees."""

    READ = "read"
    CREATE = "create"
    WRITE = "write"
    ASSIGN = "assign"
    CLASSIFY = "classify"
    CHANGE_STATE = "change-state"


@dataclass(frozen=True)
class Staff:
    """A member of staff as his token says. `id` is a code; `pseudonym` stands for his e-mail address, where it is known."""

    id: str
    municipality: str
    roles: frozenset[StaffRole]
    teams: frozenset[str] = frozenset()
    name: str | None = None
    address: str | None = None
    pseudonym: str | None = None


class Reach(StrEnum):
    """How many cases of a degree of confidentiality somebody sees."""

    NONE = "none"
    OWN = "own"
    """Those that his team or he himself solves or answers for, and those that he entered."""
    ALL = "all"


_ALL_OPEN = {
    Confidentiality.OPEN: Reach.ALL,
    Confidentiality.RESTRICTED: Reach.NONE,
    Confidentiality.SEALED: Reach.NONE,
}

SIGHT: dict[StaffRole, dict[Confidentiality, Reach]] = {
    StaffRole.READER: _ALL_OPEN,
    StaffRole.RESOLVER: {**_ALL_OPEN, Confidentiality.RESTRICTED: Reach.OWN},
    StaffRole.DISPATCHER: {**_ALL_OPEN, Confidentiality.RESTRICTED: Reach.ALL},
    StaffRole.SECRETARY: {**_ALL_OPEN, Confidentiality.RESTRICTED: Reach.ALL},
    StaffRole.WHISTLEBLOWING_OFFICER: {
        **_ALL_OPEN,
        Confidentiality.RESTRICTED: Reach.OWN,
        Confidentiality.SEALED: Reach.ALL,
    },
    # An administrator runs the machine; that gives no right to confidential content.
    StaffRole.ADMIN: _ALL_OPEN,
}

_EVERYBODYS_CASES = frozenset({StaffRole.DISPATCHER, StaffRole.SECRETARY})
_OWN_CASES = frozenset({StaffRole.RESOLVER, StaffRole.WHISTLEBLOWING_OFFICER})

ACTIONS: dict[Action, tuple[frozenset[StaffRole], frozenset[StaffRole]]] = {
    # action: (roles that may on every case they see, roles that may on their own cases)
    Action.READ: (frozenset(StaffRole), frozenset()),
    Action.CREATE: (_EVERYBODYS_CASES | _OWN_CASES, frozenset()),
    Action.WRITE: (_EVERYBODYS_CASES, _OWN_CASES),
    Action.ASSIGN: (_EVERYBODYS_CASES, _OWN_CASES),
    Action.CLASSIFY: (_EVERYBODYS_CASES, _OWN_CASES),
    Action.CHANGE_STATE: (_EVERYBODYS_CASES, _OWN_CASES),
}


@dataclass(frozen=True)
class Sight:
    """Which cases somebody sees, ready for one case and for a query alike."""

    municipality: str
    reach: dict[Confidentiality, Reach]
    teams: frozenset[str]
    person: str

    def sees(self, municipality: str, confidentiality: Confidentiality, insiders: Collection[str]) -> bool:
        """`insiders` are the codes of those whose own case it is: see `Case.insiders`."""
        if municipality != self.municipality:
            return False
        reach = self.reach[confidentiality]
        return reach == Reach.ALL or (reach == Reach.OWN and self.owns(insiders))

    def owns(self, codes: Collection[str]) -> bool:
        """Whether one of the codes is his or his team's."""
        return self.person in codes or not self.teams.isdisjoint(codes)


def sight_of(staff: Staff) -> Sight:
    """The widest reach that one of the roles gives, for each degree."""
    order = list(Reach)
    reach = {
        degree: max((SIGHT[role][degree] for role in staff.roles), key=order.index, default=Reach.NONE)
        for degree in Confidentiality
    }
    return Sight(staff.municipality, reach, staff.teams, staff.id)


def may(staff: Staff, action: Action, confidentiality: Confidentiality, solvers: Collection[str]) -> bool:
    """Whether somebody who sees the case may do it. A sealed case belongs to the competent person alone."""
    everywhere, own = ACTIONS[action]
    if action != Action.READ and confidentiality == Confidentiality.SEALED:
        return StaffRole.WHISTLEBLOWING_OFFICER in staff.roles
    if staff.roles & everywhere:
        return True
    return bool(staff.roles & own) and sight_of(staff).owns(solvers)
