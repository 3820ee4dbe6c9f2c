"""On which version a change rests (RFC 9110 13.1.1), and which methods an address knows."""

import pytest

from tickets.staff.desk import expected_versions
from tickets.staff.problems import Problem

from .office import Office, Person, problem


@pytest.mark.parametrize(
    ("if_match", "versions"),
    [
        ('"7"', {7}),
        (' "7" ', {7}),
        ('"7", "9"', {7, 9}),
        ('"7","9" ,', {7, 9}),
        ('W/"7"', {7}),
        ('"of another server", "7"', None),
        ('"abc", "7"', {7}),
    ],
)
def test_a_change_rests_on_the_versions_that_are_named(if_match: str, versions: set[int] | None) -> None:
    if versions is None:
        with pytest.raises(Problem):
            expected_versions(if_match)
    else:
        assert expected_versions(if_match) == frozenset(versions)


def test_a_star_stands_for_whatever_version_there_is() -> None:
    assert expected_versions("*") is None
    assert expected_versions(" * ") is None


@pytest.mark.parametrize("if_match", [None, "", "  "])
def test_no_version_is_asked_for(if_match: str | None) -> None:
    with pytest.raises(Problem) as refused:
        expected_versions(if_match)
    assert refused.value.status == 428


@pytest.mark.parametrize(
    "if_match",
    ["7", '"x"', '""', '"07"', '"-7"', "*, 7", '"*"', '"7" and more', '"7', f'"{"9" * 5000}"', '"7"x"9"', ","],
)
def test_what_is_no_version_of_ours_is_refused_and_never_taken_for_one(if_match: str) -> None:
    with pytest.raises(Problem) as refused:
        expected_versions(if_match)
    assert refused.value.status == 412


@pytest.mark.integration
def test_a_change_may_name_several_versions_or_any(office: Office, dispatcher: Person) -> None:
    ticket = office.routed()
    problem(dispatcher.post(f"/tickets/{ticket}/state", {"state": "in_progress"}, If_Match='"1", "2"'), 412)
    assert dispatcher.post(f"/tickets/{ticket}/state", {"state": "in_progress"}, If_Match='"4", "5"').status_code == 200
    assert dispatcher.post(f"/tickets/{ticket}/state", {"state": "assigned"}, If_Match="*").status_code in (200, 409)
    note = {"text": "Poznámka", "visibility": "internal"}
    assert dispatcher.post(f"/tickets/{ticket}/messages", note, If_Match="").status_code == 201


@pytest.mark.integration
def test_an_address_names_all_methods_that_it_knows(office: Office, dispatcher: Person) -> None:
    answer = office.client.delete("/api/v1/tickets", headers=dispatcher.headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert office.client.put("/api/v1/me", headers=dispatcher.headers).headers["Allow"] == "GET"
