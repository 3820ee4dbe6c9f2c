"""An event in, a decision out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

import packs
from contracts.envelope import Event, parse_event
from contracts.registry import EVENTS, TICKET_EVENTS
from contracts.reports import Automatic, PhotoPlace
from contracts.sample_histories import pothole_history, sealed_opening
from contracts.sample_tickets import SALT, snapshot, ticket_event
from contracts.tickets import TicketOpened, TicketPersonal
from contracts.types import Confidentiality
from kit.messages import Message, Record
from kit.outcomes import DeadLetter
from router.handlers import RoutingHandler
from router.model.stored import Model, shipped

from .builders import lipovany

DIGEST = packs.digest(packs.bundle(lipovany()))
NOW = datetime(2026, 12, 1, 7, 42, 15, tzinfo=UTC)


def handler(pack: packs.Pack | None = None) -> RoutingHandler:
    held = (pack or lipovany(), DIGEST)
    return RoutingHandler(lambda municipality: held if municipality == "lipovany" else None, clock=lambda: NOW)


def teams() -> list[dict[str, Any]]:
    return [team.model_dump() for team in lipovany().teams]


def with_teams(changed: list[dict[str, Any]]) -> packs.Pack:
    return packs.Pack.model_validate({**lipovany().model_dump(), "teams": changed})


def message(event: Event[Any] | bytes) -> Message:
    value = event if isinstance(event, bytes) else event.to_bytes()
    return Message(TICKET_EVENTS.name, 3, 7, b"key", value)


def opened(text: str, subject: str = "", **fields: Any) -> Event[TicketOpened]:
    photos = fields.pop("photo_places", [])
    personal = TicketPersonal(salt=SALT, subject=subject, text=text, photo_places=photos)
    return ticket_event(TicketOpened, personal=personal, **fields)


def records_of(answer: Sequence[Record] | DeadLetter) -> Sequence[Record]:
    assert not isinstance(answer, DeadLetter)
    return answer


def decided(event: Event[Any]) -> Event[Any]:
    (record,) = records_of(handler()(message(event)))
    assert record.topic == "routing"
    assert record.key == str(event.subject).encode()
    return parse_event(record.value, EVENTS)


def test_an_opened_case_gets_a_decision_that_names_what_it_rests_on() -> None:
    case = opened("V Lipové ulici u čísla 12 nesvítí lampa.", "Lampa")
    decision = decided(case)
    assert (decision.data.category, decision.data.team, decision.data.decided) == (
        "streetlight-out",
        "technicke-sluzby",
        True,
    )
    assert decision.data.personal.place_phrase == "Lipová 12"
    assert decision.data.pack == DIGEST
    assert (decision.basedon, decision.causationid, decision.subject) == (1, case.id, case.subject)
    assert (decision.municipality, decision.time, decision.source) == ("lipovany", NOW, "/router")


def test_the_same_case_seen_again_gives_the_same_record() -> None:
    case = message(opened("Nesvítí lampa."))
    first, again = (parse_event(records_of(handler()(case))[0].value, EVENTS) for _ in range(2))
    assert first.id == again.id
    assert first.data == again.data


def test_the_trace_goes_on() -> None:
    case = opened("Nesvítí lampa.")
    assert case.traceparent is not None
    assert (decided(case).traceparent or "").split("-")[1] == case.traceparent.split("-")[1]


def test_other_events_of_a_case_are_passed_over() -> None:
    for event in pothole_history()[1:]:
        assert handler()(message(event)) == []


def test_a_case_that_somebody_classified_when_he_entered_it_gets_no_decision() -> None:
    classified = opened("Nesvítí lampa.", after=snapshot(category="streetlight-out", decided=True))
    assert handler()(message(classified)) == []
    assert handler()(message(opened("Nesvítí lampa.", after=snapshot(category=None)))) != []


def test_a_photo_says_where() -> None:
    place = PhotoPlace(part="part-1", latitude=49.6312, longitude=17.0954)
    found = decided(opened("Nesvítí lampa.", photo_places=[place])).data.personal.coordinates
    assert (found.latitude, found.longitude) == (49.6312, 17.0954)


def test_a_machines_mail_is_set_aside() -> None:
    assert decided(opened("Jsem na dovolené.", automatic=Automatic.REPLIED)).data.set_aside


def test_a_sealed_decision_repeats_none_of_the_words() -> None:
    decision = decided(opened("Pracuji na radnici v Husově 3 a vedoucí bere úplatky."))
    assert decision.confidentiality == decision.data.confidentiality == Confidentiality.SEALED
    assert decision.data.personal.model_dump(exclude_defaults=True) == {}


def test_a_case_that_came_sealed_stays_so_whatever_the_router_makes_of_it() -> None:
    decision = decided(sealed_opening())
    assert decision.confidentiality == decision.data.confidentiality == Confidentiality.SEALED
    assert not decision.data.decided


def test_what_is_personal_stands_in_its_place_only() -> None:
    record = records_of(handler()(message(opened("V Husově 77 nesvítí lampa, zkazkakanar@example.test"))))[0]
    data = parse_event(record.value, EVENTS).data.model_dump(mode="json", exclude={"personal"})
    assert "Husov" not in str(data)
    assert "zkazkakanar" not in str(data)


def test_a_town_without_a_pack_gets_no_decision_and_stops_nobody() -> None:
    case = opened("Nesvítí lampa.").model_copy(update={"municipality": "jinde"})
    assert handler()(message(case)) == []


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"type": "ticket.unknown"}'])
def test_an_undecodable_event_is_a_dead_letter_without_content(value: bytes) -> None:
    answer = handler()(message(value))
    assert isinstance(answer, DeadLetter)
    assert answer.error == "UnreadableEvent"


def test_a_pack_that_makes_deciding_fail_does_not_end_the_process() -> None:
    broken = with_teams([])
    answer = handler(broken)(message(opened("Nesvítí lampa.")))
    assert answer == DeadLetter("KeyError", "deciding failed")


def test_another_pack_holds_from_the_next_case_on() -> None:
    holding = [(lipovany(), DIGEST)]
    handle = RoutingHandler(lambda _: holding[0])
    renamed = [team if team["slug"] != "technicke-sluzby" else {**team, "slug": "svetla"} for team in teams()]
    case = message(opened("Nesvítí lampa.", after=snapshot()))
    before = parse_event(records_of(handle(case))[0].value, EVENTS)
    holding[0] = (with_teams(renamed), "0" * 64)
    after = parse_event(records_of(handle(case))[0].value, EVENTS)
    assert (before.data.team, after.data.team) == ("technicke-sluzby", "svetla")
    assert (before.data.pack, after.data.pack) == (DIGEST, "0" * 64)


def test_another_model_holds_from_the_next_case_on_and_the_decision_names_it() -> None:
    learnt = shipped()
    assert learnt is not None
    models: dict[str, Model] = {}
    handle = RoutingHandler(lambda _: (lipovany(), DIGEST), models.get)
    case = message(opened("Nesvítí lampa.", after=snapshot()))
    before = parse_event(records_of(handle(case))[0].value, EVENTS)
    models["lipovany"] = learnt
    after = parse_event(records_of(handle(case))[0].value, EVENTS)
    assert (before.data.model, after.data.model) == (None, learnt.hash)
    assert "category.learnt" in after.data.reasons


def test_what_is_decided_is_counted_by_category_and_by_who_has_the_last_word() -> None:
    labels = {"category": "pothole", "by": "router"}
    before = REGISTRY.get_sample_value("helpdesk_routed_total", labels) or 0
    guesses = REGISTRY.get_sample_value("helpdesk_first_guess_probability_count") or 0
    decided(opened("V Husově ulici je ve vozovce hluboký výtluk."))
    assert REGISTRY.get_sample_value("helpdesk_routed_total", labels) == before + 1
    assert REGISTRY.get_sample_value("helpdesk_first_guess_probability_count") == guesses + 1
