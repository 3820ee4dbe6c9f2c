"""Who goes next, how the relay's absence is waited out, and the caps that end a loop of machines. (P9)"""

from datetime import datetime, timedelta

import pytest

from contracts.identity import pseudonym
from contracts.sample_reports import PSEUDONYM_KEY
from notifier.addresses import in_transport_form, is_machine, is_own, lane_of, mailbox_of, usable
from notifier.audience import Mark
from notifier.caps import Caps, divide, over_cap
from notifier.deliveries import Delivery, asked_again, failed
from notifier.deliveries import tried as attempted
from notifier.sending.gate import LONGEST_PAUSE, SHORTEST_PAUSE, Gate
from notifier.sending.turns import Room, busy_with, choose

from .builders import NOW, REPORTER_ADDRESS, delivery

TOWN = "podatelna@lipovany.test"
KEY = b"a key for tests only"


def many(count: int, domain: str, first: int = 1) -> list[Delivery]:
    return [delivery(f"obcan-{n}@{domain}", sequence=n) for n in range(first, first + count)]


def test_one_domain_does_not_take_all_the_room() -> None:
    slow, other = many(20, "pomala.test"), many(3, "jina.test", first=50)
    chosen = choose([*slow, *other], [], Room(total=10, lane=4))
    assert chosen == [*slow[:4], *other]


def test_never_more_in_hand_than_there_is_room() -> None:
    in_hand = many(8, "jedna.test")
    chosen = choose(many(8, "druha.test", first=50), in_hand, Room(total=10, lane=9))
    assert len(chosen) == 2


def test_what_one_person_hears_of_one_case_goes_one_after_another() -> None:
    first, second = delivery(sequence=3), delivery(sequence=4)
    room = Room()
    assert choose([first, second], [], room) == [first]
    assert choose([second], [first], room) == []
    assert busy_with([first], room).threads == [second.thread]
    other_case = second.model_copy(update={"ticket_id": first.event_id})
    assert choose([first, other_case], [], room) == [first, other_case]


def test_a_later_word_does_not_overtake_one_that_found_no_room() -> None:
    in_hand = many(1, "example.test")
    first, second = delivery(sequence=3), delivery(sequence=4)
    assert choose([first, second], in_hand, Room(total=5, lane=1)) == []


def test_full_lanes_are_not_even_looked_at() -> None:
    full, free = many(3, "plna.test"), many(2, "volna.test", first=50)
    assert busy_with([*full, *free], Room(total=10, lane=3)).lanes == [full[0].lane]


def test_while_the_gate_is_shut_nothing_is_tried_that_waited_for_its_place() -> None:
    gate = Gate()
    assert not gate.shut(0.0)
    gate.close("relay-away", 10.0)
    assert gate.shut(10.1)
    assert not gate.shut(10.0 + SHORTEST_PAUSE)
    gate.open()
    assert not gate.shut(10.1)


def test_the_gate_closes_for_longer_and_longer_and_lets_one_try() -> None:
    gate, now = Gate(), 100.0
    assert gate.limit(now, 16) == 16
    gate.close("relay-away", now)
    gate.close("relay-away", now)
    assert gate.pause == SHORTEST_PAUSE
    assert gate.limit(now, 16) == 0
    pauses = []
    for _ in range(12):
        now += gate.pause
        assert gate.limit(now, 16) == 1
        gate.close("relay-away", now)
        pauses.append(gate.pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    gate.open()
    assert (gate.reason, gate.limit(now, 16)) == (None, 16)
    gate.close("relay-busy", now)
    assert gate.pause == SHORTEST_PAUSE


def test_one_more_than_the_cap_is_too_many_in_each_window() -> None:
    caps = Caps(in_three_hours=2, in_a_day=3)
    assert not over_cap([NOW], NOW, caps)
    assert over_cap([NOW, NOW], NOW, caps)
    earlier = NOW - timedelta(hours=4)
    assert not over_cap([earlier, earlier], NOW, caps)
    assert over_cap([earlier, earlier, earlier], NOW, caps)
    assert not over_cap([NOW - timedelta(hours=25)] * 9, NOW, caps)


def test_what_is_chosen_together_counts_together() -> None:
    chosen = [delivery(sequence=n) for n in range(1, 6)]
    going, capped = divide(chosen, {chosen[0].cap_key: [NOW]}, NOW, Caps(in_three_hours=3))
    assert (going, capped) == (chosen[:2], chosen[2:])


def test_a_clerks_words_and_a_second_try_are_not_capped() -> None:
    clerks = delivery(sequence=1, mark=Mark.NONE)
    second_try = delivery(sequence=2, counted_at=NOW)
    full = {clerks.cap_key: [NOW] * 99}
    assert divide([clerks, second_try], full, NOW, Caps()) == ([clerks, second_try], [])


def test_what_an_operator_asks_for_again_passes_the_cap_and_counts_for_those_after_it() -> None:
    refused = failed(delivery(sequence=1), "capped", NOW)
    again = asked_again(refused, NOW)
    assert again is not None
    full = {again.cap_key: [NOW] * 99}
    assert divide([again, delivery(sequence=2)], full, NOW, Caps()) == ([again], [delivery(sequence=2)])
    assert attempted(again, NOW).counted_at == NOW


def test_news_of_a_case_is_neither_counted_nor_held_back_by_the_cap_of_acknowledgements() -> None:
    news = [delivery(sequence=n, mark=Mark.GENERATED) for n in range(1, 103)]
    acknowledgement = delivery(sequence=200)
    assert news[0].cap_key != acknowledgement.cap_key
    full = {acknowledgement.cap_key: [NOW] * 99}
    going, capped = divide([acknowledgement, *news], full, NOW, Caps())
    assert going == news[:100]
    assert capped == [acknowledgement, *news[100:]]


def test_a_mailbox_is_one_whatever_stands_after_its_plus() -> None:
    keys = {
        delivery(address).cap_key for address in ("obcan@example.test", "obcan+1@example.test", "Obcan+b@Example.test")
    }
    assert len(keys) == 1
    assert delivery("jiny+1@example.test").cap_key not in keys


def test_for_the_towns_own_choice_of_address_each_case_counts_alone() -> None:
    team = delivery(sequence=1, from_pack=True)
    other_case = team.model_copy(update={"ticket_id": team.event_id})
    assert team.cap_key != other_case.cap_key
    stranger = delivery(sequence=1)
    assert stranger.cap_key == stranger.model_copy(update={"ticket_id": team.event_id}).cap_key


def test_a_mail_loop_of_two_helpdesks_ends_by_itself() -> None:
    """Each opens a case for each mail of the other and acknowledges it; neither reads the other's marks."""
    caps, clock = Caps(), NOW
    tried: list[dict[str, list[datetime]]] = [{}, {}]
    addresses = ("podatelna@horni-lhota.test", "podatelna@dolni-lhota.test")
    mails, sender = 0, 0
    for case in range(1, 10_000):
        answer = delivery(addresses[1 - sender], sequence=case)
        going, _ = divide([answer], tried[sender], clock, caps)
        if not going:
            break
        mails += 1
        tried[sender].setdefault(answer.cap_key, []).append(clock)
        clock += timedelta(seconds=5)
        sender = 1 - sender
    assert mails == 2 * caps.in_three_hours


@pytest.mark.parametrize(
    "address", ["obcan@example.test", "o.b+c@pod.example.test", "žák@město.test", "a@xn--msto-gwa.test"]
)
def test_ordinary_addresses_are_usable(address: str) -> None:
    assert usable(address)


@pytest.mark.parametrize(
    "address",
    [
        None, "", "obcan", "@example.test", "obcan@", "obcan@localhost", "a b@example.test", "a@exa mple.test",
        "a@example.test\r\nDATA", "a\0@example.test", '"a b"@example.test', "a@[127.0.0.1]", "<a@example.test>",
        "a,b@example.test", "a@b@example.test", ".a@example.test", "a..b@example.test", "a" * 65 + "@example.test",
        "a@" + "b" * 64 + ".test", "a@" + "b." * 130 + "test", "a@-b.test",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_usable(address: str | None) -> None:
    assert not usable(address)


def test_domains_travel_in_ascii() -> None:
    assert in_transport_form("obcan@Město.test") == "obcan@xn--msto-gwa.test"


def test_a_domain_is_named_by_a_pseudonym() -> None:
    assert lane_of(KEY, "a@Example.test") == lane_of(KEY, "b@example.TEST")
    assert lane_of(KEY, "a@example.test") != lane_of(KEY, "a@example.org")
    assert "example" not in lane_of(KEY, "a@example.test")


def test_who_guesses_an_address_cannot_tell_its_names_without_the_key() -> None:
    assert lane_of(KEY, "obcan@example.test") != lane_of(b"a key of somebody else", "obcan@example.test")
    assert mailbox_of(KEY, "obcan@example.test") != mailbox_of(b"a key of somebody else", "obcan@example.test")
    assert delivery().lane == lane_of(PSEUDONYM_KEY, REPORTER_ADDRESS)
    assert delivery().mailbox == mailbox_of(PSEUDONYM_KEY, REPORTER_ADDRESS)


def test_the_name_of_a_mailbox_leads_neither_to_its_domains_nor_to_its_owners() -> None:
    names = {
        mailbox_of(KEY, "a@example.test"),
        lane_of(KEY, "a@example.test"),
        pseudonym(KEY, "", "email", "a@example.test"),
    }
    assert len(names) == 3
    assert mailbox_of(KEY, None) is None


def test_our_own_address_is_known_with_and_without_a_token() -> None:
    assert is_own("Podatelna@Lipovany.test", TOWN)
    assert is_own("podatelna+a1.rabc.def@lipovany.test", TOWN)
    assert not is_own("dispecink@lipovany.test", TOWN)
    assert not is_own("podatelna@jina.test", TOWN)


def test_addresses_of_machines_are_known() -> None:
    machines = (
        "MAILER-DAEMON",
        "postmaster",
        "mail-daemon",
        "mailerdaemon",
        "mdaemon",
        "no-reply",
        "noreply",
        "noreply-77",
        "owner-list",
        "list-request",
        "bounces+x",
    )
    assert all(is_machine(f"{local}@example.test") for local in machines)
    assert not any(is_machine(f"{local}@example.test") for local in ("obcan", "obec.bounce", "reply", "norma"))
