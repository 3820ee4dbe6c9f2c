"""Who sees and does what: the two tables, and the few sentences that must hold whatever the tables say."""

import itertools

import pytest

from contracts.types import Confidentiality
from tickets.cases.permissions import ACTIONS, SIGHT, Action, Reach, Staff, StaffRole, may, sight_of

SEALED, RESTRICTED, OPEN = Confidentiality.SEALED, Confidentiality.RESTRICTED, Confidentiality.OPEN


def staff(*roles: StaffRole, teams: tuple[str, ...] = (), municipality: str = "lipovany") -> Staff:
    return Staff("staff-1", municipality, frozenset(roles), frozenset(teams))


def sees(who: Staff, confidentiality: Confidentiality, solvers: tuple[str, ...] = (), town: str = "lipovany") -> bool:
    return sight_of(who).sees(town, confidentiality, solvers)


def test_both_tables_are_complete() -> None:
    assert SIGHT.keys() == set(StaffRole)
    assert ACTIONS.keys() == set(Action)
    for degrees in SIGHT.values():
        assert degrees.keys() == set(Confidentiality)


@pytest.mark.parametrize("role", [role for role in StaffRole if role != StaffRole.WHISTLEBLOWING_OFFICER])
def test_a_sealed_case_is_seen_by_the_competent_person_alone(role: StaffRole) -> None:
    everything = staff(role, teams=("prislusna-osoba",))
    assert not sees(everything, SEALED, ("prislusna-osoba", "staff-1"))
    for action in Action:
        if action != Action.READ:
            assert not may(everything, action, SEALED, ("prislusna-osoba", "staff-1"))


def test_the_competent_person_sees_and_works_on_sealed_cases() -> None:
    officer = staff(StaffRole.WHISTLEBLOWING_OFFICER)
    assert sees(officer, SEALED)
    assert may(officer, Action.CLASSIFY, SEALED, ())


def test_a_restricted_case_is_seen_by_its_solvers_and_by_those_who_distribute() -> None:
    assert sees(staff(StaffRole.DISPATCHER), RESTRICTED)
    assert sees(staff(StaffRole.SECRETARY), RESTRICTED)
    assert sees(staff(StaffRole.RESOLVER, teams=("pravnik",)), RESTRICTED, ("pravnik",))
    assert sees(staff(StaffRole.RESOLVER), RESTRICTED, ("staff-1",))
    assert not sees(staff(StaffRole.RESOLVER, teams=("odbor-dopravy",)), RESTRICTED, ("pravnik",))
    assert not sees(staff(StaffRole.READER, teams=("pravnik",)), RESTRICTED, ("pravnik",))
    assert not sees(staff(StaffRole.ADMIN), RESTRICTED)


def test_an_open_case_is_seen_by_every_role_of_its_town_and_by_no_other_town() -> None:
    for role in StaffRole:
        assert sees(staff(role), OPEN)
        assert not sees(staff(role, municipality="dubna"), OPEN)


def test_who_has_no_role_sees_nothing() -> None:
    assert not any(sees(staff(), degree, ("staff-1",)) for degree in Confidentiality)


def test_several_roles_see_what_any_of_them_sees() -> None:
    for first, second in itertools.combinations(StaffRole, 2):
        both = sight_of(staff(first, second)).reach
        for degree in Confidentiality:
            reaches = {SIGHT[first][degree], SIGHT[second][degree]}
            assert both[degree] == max(reaches, key=list(Reach).index)


def test_a_resolver_changes_his_own_cases_only() -> None:
    resolver = staff(StaffRole.RESOLVER, teams=("technicke-sluzby",))
    assert may(resolver, Action.WRITE, OPEN, ("technicke-sluzby",))
    assert may(resolver, Action.CHANGE_STATE, OPEN, ("staff-1",))
    assert not may(resolver, Action.WRITE, OPEN, ("odbor-dopravy",))


def test_readers_and_administrators_only_read() -> None:
    for role in (StaffRole.READER, StaffRole.ADMIN):
        for action in Action:
            assert may(staff(role), action, OPEN, ("staff-1",)) == (action == Action.READ)
