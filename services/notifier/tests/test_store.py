"""One suite for the store in MongoDB and for its fake: what the other tests rely on is true of the real thing."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from kit import mongo
from kit.settings import MongoSettings
from notifier.audience import Mark
from notifier.deliveries import Accepted, Delivery, Refused, State, answered, failed, handed_over, put_back, tried
from notifier.keeping import DatabaseAway, DeliveryStore, Figures
from notifier.sending.turns import Busy
from notifier.store import MongoDeliveryStore

from .builders import NOW, REPORTER_ADDRESS, delivery
from .memory_store import MemoryDeliveryStore

NOT_BUSY = Busy([], [])
US, THEM = "1/us", "2/them"


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> Iterator[DeliveryStore]:
    if request.param == "memory":
        yield MemoryDeliveryStore()
        return
    servers: Mapping[str, str] = request.getfixturevalue("servers")
    settings = MongoSettings(mongodb_uri=SecretStr(servers["MONGODB_URI"]), mongodb_prefix=f"test{uuid4().hex[:12]}")
    database = mongo.connect(settings, "notifier")
    real = MongoDeliveryStore(database)
    real.prepare()
    yield real
    database.client.drop_database(database.name)
    database.client.close()


def only(store: DeliveryStore) -> Delivery:
    (found,) = store.listing(state=None, ticket=None, limit=10)
    return found


def in_hand(store: DeliveryStore, *made: Delivery, owner: str = US) -> list[Delivery]:
    store.add(made)
    assert store.take(owner, [one.id for one in made]) == {one.id for one in made}
    return [one.model_copy(update={"owner": owner}) for one in made]


def test_a_record_comes_back_as_it_was_kept(store: DeliveryStore) -> None:
    made = delivery(traceparent="00-5f0a4bbd2f0b5d0e9a536f2f1c1f7a10-9a536f2f1c1f7a10-01")
    assert store.add([made]) == 1
    assert only(store) == made


def test_the_same_delivery_is_kept_once_and_its_neighbours_all_the_same(store: DeliveryStore) -> None:
    first, second = delivery(sequence=3), delivery(sequence=4)
    assert store.add([first]) == 1
    assert store.add([first, second]) == 1
    assert store.add([]) == 0
    assert len(store.listing(state=None, ticket=None, limit=10)) == 2


def test_a_repeated_event_does_not_wake_a_delivery_that_is_finished(store: DeliveryStore) -> None:
    (one,) = in_hand(store, delivery())
    store.write_back(US, [answered(tried(one, NOW), Accepted(), NOW)])
    assert store.add([delivery()]) == 0
    assert only(store).state == State.SENT


def test_due_gives_the_longest_due_first_and_nothing_before_its_time(store: DeliveryStore) -> None:
    late = delivery(sequence=3, due_at=NOW - timedelta(minutes=1))
    later = delivery(sequence=4, due_at=NOW - timedelta(minutes=2), ticket_id=uuid4())
    not_yet = delivery(sequence=5, due_at=NOW + timedelta(seconds=1), ticket_id=uuid4())
    store.add([late, later, not_yet])
    assert [one.id for one in store.due(NOW, busy=NOT_BUSY, limit=10)] == [later.id, late.id]
    assert [one.id for one in store.due(NOW, busy=NOT_BUSY, limit=1)] == [later.id]


def test_a_later_word_does_not_overtake_one_that_waits_to_be_tried_again(store: DeliveryStore) -> None:
    (refused,) = in_hand(store, delivery(sequence=3))
    behind = [delivery(sequence=number, due_at=NOW - timedelta(hours=1)) for number in range(4, 300)]
    of_another_case = delivery(sequence=300, ticket_id=uuid4())
    store.add([*behind, of_another_case])
    store.write_back(US, [answered(handed_over(tried(refused, NOW)), Refused(451), NOW)])
    assert [one.id for one in store.due(NOW, busy=NOT_BUSY, limit=10)] == [of_another_case.id]
    (again,) = [one for one in store.due(NOW + timedelta(minutes=1), busy=NOT_BUSY, limit=10) if one.sequence < 300]
    assert again.id == refused.id
    assert store.take(US, [refused.id]) == {refused.id}
    again = again.model_copy(update={"owner": US})
    store.write_back(US, [answered(tried(again, NOW), Accepted(), NOW)])
    assert behind[0].id in {one.id for one in store.due(NOW, busy=NOT_BUSY, limit=10)}


def test_due_passes_over_busy_lanes_and_threads(store: DeliveryStore) -> None:
    one, other = delivery("a@jedna.test"), delivery("b@druha.test")
    store.add([one, other])
    assert [found.id for found in store.due(NOW, busy=Busy([one.lane], []), limit=10)] == [other.id]
    assert [found.id for found in store.due(NOW, busy=Busy([], [other.thread]), limit=10)] == [one.id]


def test_what_one_sender_took_no_other_gets(store: DeliveryStore) -> None:
    one, other = delivery(sequence=3), delivery(sequence=4)
    in_hand(store, one)
    store.add([other])
    assert store.take(THEM, [one.id, other.id]) == {other.id}
    assert store.due(NOW, busy=NOT_BUSY, limit=10) == []
    assert store.take(THEM, []) == set()


def test_a_note_of_a_sender_that_lost_the_delivery_changes_nothing(store: DeliveryStore) -> None:
    (one,) = in_hand(store, delivery())
    store.write_back(THEM, [failed(one, "refused", NOW)])
    assert only(store).state == State.DUE
    store.write_back(US, [handed_over(tried(one, NOW))])
    noted = only(store)
    assert (noted.state, noted.attempts, noted.counted_at, noted.owner) == (State.SENDING, 1, NOW, US)


def test_what_went_out_has_nothing_personal_any_more(store: DeliveryStore) -> None:
    (one,) = in_hand(store, delivery())
    assert one.personal is not None
    assert one.personal.address == REPORTER_ADDRESS
    store.write_back(US, [answered(tried(one, NOW), Accepted(), NOW)])
    assert only(store).personal is None


def test_a_sender_that_died_loses_what_it_had_and_what_it_had_handed_over_is_in_doubt(store: DeliveryStore) -> None:
    waiting, handed = in_hand(store, delivery(sequence=3), delivery(sequence=4, ticket_id=uuid4()), owner=THEM)
    store.write_back(THEM, [handed_over(tried(handed, NOW))])
    store.beat(THEM, "2", NOW + timedelta(seconds=30))
    store.beat(US, "1", NOW + timedelta(seconds=30))
    assert store.take_over(US, "1", NOW + timedelta(seconds=29)) == 0
    assert store.take_over(US, "1", NOW + timedelta(seconds=31)) == 2
    freed = {one.id: one for one in store.due(NOW, busy=NOT_BUSY, limit=10)}
    assert freed[waiting.id].doubts == 0
    assert freed[handed.id].doubts == 1
    assert freed[handed.id].attempts == 1
    assert store.take_over(US, "1", NOW + timedelta(seconds=31)) == 0


def test_a_restart_under_the_same_name_takes_its_work_up_at_once(store: DeliveryStore) -> None:
    in_hand(store, delivery(), owner="1/before")
    store.beat("1/before", "1", NOW + timedelta(seconds=30))
    assert store.take_over(US, "1", NOW) == 1


def test_letting_go_spares_what_is_still_in_hand(store: DeliveryStore) -> None:
    kept, lost = in_hand(store, delivery(sequence=3), delivery(sequence=4, ticket_id=uuid4()))
    assert store.let_go(US, [kept.id]) == 1
    assert [one.id for one in store.due(NOW, busy=NOT_BUSY, limit=10)] == [lost.id]


def test_a_sender_that_leaves_has_nothing_in_hand(store: DeliveryStore) -> None:
    store.beat(US, "1", NOW + timedelta(days=1))
    in_hand(store, delivery())
    store.leave(US)
    assert len(store.due(NOW, busy=NOT_BUSY, limit=10)) == 1


def test_only_what_is_due_and_in_nobodys_hand_is_cancelled(store: DeliveryStore) -> None:
    free, taken = delivery(sequence=3), delivery(sequence=4)
    in_hand(store, taken)
    store.add([free])
    assert store.cancel([free.event_id, taken.event_id], NOW) == 1
    assert store.cancel([], NOW) == 0
    (gone,) = store.listing(state=State.CANCELLED, ticket=None, limit=10)
    assert gone.id == free.id
    assert gone.personal is None
    assert store.untold(10) == []


def test_tries_are_counted_by_address_and_only_automatic_mails(store: DeliveryStore) -> None:
    first, second, other = in_hand(
        store, delivery(sequence=3), delivery(sequence=4), delivery("jiny@example.test", sequence=5)
    )
    clerks = first.model_copy(update={"id": uuid4(), "mark": Mark.NONE})
    store.add([clerks])
    store.write_back(US, [tried(one, NOW) for one in (first, other)])
    store.write_back(US, [tried(second, NOW - timedelta(hours=30)), tried(clerks, NOW)])
    found = store.tried_since([first.cap_key], NOW - timedelta(days=1))
    assert found == {first.cap_key: [NOW]}


def test_finished_deliveries_are_untold_until_told_the_first_finished_first(store: DeliveryStore) -> None:
    first, second, open_one = in_hand(store, delivery(sequence=3), delivery(sequence=4), delivery(sequence=5))
    store.write_back(US, [failed(second, "refused", NOW), answered(first, Accepted(), NOW - timedelta(seconds=1))])
    store.write_back(US, [put_back(open_one, NOW)])
    assert [one.id for one in store.untold(10)] == [first.id, second.id]
    store.told([first.id])
    assert [one.id for one in store.untold(10)] == [second.id]
    # After a restore: told again, and no reader minds.
    assert store.tell_again(NOW - timedelta(days=1)) == 2
    assert [one.id for one in store.untold(10)] == [first.id, second.id]
    assert store.tell_again(NOW + timedelta(days=1)) == 0


def test_the_personal_part_of_old_failures_is_deleted(store: DeliveryStore) -> None:
    (one,) = in_hand(store, delivery())
    store.write_back(US, [failed(one, "refused", NOW)])
    assert store.forget(NOW) == 0
    assert store.forget(NOW + timedelta(seconds=1)) == 1
    assert only(store).personal is None
    assert not store.retry(one.id, NOW)


def test_a_failed_delivery_can_be_asked_for_again_and_nothing_else(store: DeliveryStore) -> None:
    (one,) = in_hand(store, delivery())
    assert not store.retry(one.id, NOW)
    assert not store.retry(uuid4(), NOW)
    store.write_back(US, [failed(tried(one, NOW), "refused", NOW)])
    assert store.retry(one.id, NOW + timedelta(hours=1))
    again = only(store)
    assert (again.state, again.attempts, again.failure, again.retries) == (State.DUE, 0, None, 1)
    assert again.first_due == NOW + timedelta(hours=1)
    assert not again.untold


def test_figures_tell_what_waits(store: DeliveryStore) -> None:
    assert store.figures(NOW) == Figures(0, None, 0)
    (taken,) = in_hand(store, delivery(sequence=3))
    store.add([delivery(sequence=4, due_at=NOW - timedelta(minutes=5)), delivery(sequence=5)])
    store.write_back(US, [failed(taken, "refused", NOW)])
    assert store.figures(NOW) == Figures(2, NOW - timedelta(minutes=5), 1)


def test_the_listing_shows_the_newest_first_by_state_and_ticket(store: DeliveryStore) -> None:
    older, newer = delivery(sequence=3), delivery(sequence=4, created_at=NOW + timedelta(seconds=1))
    store.add([older, newer])
    assert [one.id for one in store.listing(state=State.DUE, ticket=older.ticket_id, limit=1)] == [newer.id]
    assert store.listing(state=State.FAILED, ticket=None, limit=10) == []
    assert store.listing(state=None, ticket=uuid4(), limit=10) == []


def test_a_database_that_is_not_there_says_so_by_its_own_name() -> None:
    settings = MongoSettings(mongodb_uri=SecretStr("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"))
    database = mongo.connect(settings, "notifier")
    nowhere = MongoDeliveryStore(database.client.get_database("x"))
    with pytest.raises(DatabaseAway):
        nowhere.untold(1)
    database.client.close()
