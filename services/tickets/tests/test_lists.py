"""Lists and searches: filters, order, pages, and queries that we do not know."""

from uuid import uuid4

import pytest
from pymongo.database import Database

from kit.mongo import Document
from tickets.staff.queries import Queries, WordCounts

from .builders import BODY, TEAM, Clock, messages, reply, report
from .office import Office, Person, problem

pytestmark = pytest.mark.integration


class TestLists:
    """Filters, order, pages."""

    def test_filters_find_what_they_say(self, office: Office, dispatcher: Person) -> None:
        lamp = office.routed("Lampa", "Nesvítí lampy v Husově.", category="streetlight-out", area="lighting")
        water = office.routed("Voda", "Neteče voda.", category="water-supply", body=BODY, team="dispecink")
        aside = office.routed("Reklama", "Vyhrál jste.", set_aside=True, category="spam")
        assert dispatcher.listed() == [str(aside), str(water), str(lamp)]
        assert dispatcher.listed(sort="oldest") == [str(lamp), str(water), str(aside)]
        assert dispatcher.listed(state="set_aside") == [str(aside)]
        assert dispatcher.listed(category="water-supply") == [str(water)]
        assert dispatcher.listed(resolver=BODY) == [str(water)]
        assert dispatcher.listed(resolver="dispecink") == [str(water)]
        assert dispatcher.listed(state="assigned", category="streetlight-out", resolver=TEAM) == [str(lamp)]
        assert dispatcher.listed(number="2026-000002") == [str(water)]
        assert dispatcher.listed(q="lampa husove") == [str(lamp)]
        assert dispatcher.listed(q="LAMPOU") == [str(lamp)]
        assert dispatcher.listed(q="2026-000001") == [str(lamp)]
        assert dispatcher.listed(q="lampa voda") == []
        assert len(dispatcher.listed(q="obcan@example.test")) == 3

    def test_later_messages_are_searched_too(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        office.reports(messages(reply(ticket, text="Už tam spadl i cyklista.")))
        assert dispatcher.listed(q="cyklisty") == [str(ticket)]

    def test_a_very_long_case_is_found_by_its_number_and_its_writer(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed("Dlouhé", " ".join(f"slovo{number}" for number in range(900)))
        office.reports(messages(reply(ticket, text="A ještě něco navíc.")))
        for asked in ("2026-000001", "obcan@example.test"):
            assert dispatcher.listed(q=asked) == [str(ticket)]

    def test_a_cursor_of_one_order_leads_nowhere_in_another(self, office: Office, dispatcher: Person) -> None:
        for number in range(3):
            office.routed(f"Výmol {number}")
        cursor = dispatcher.get("/tickets", limit=1).json()["next"]
        assert dispatcher.get("/tickets", limit=1, cursor=cursor).status_code == 200
        for other in ({"sort": "due"}, {"sort": "oldest"}, {"late": True}):
            problem(dispatcher.get("/tickets", limit=1, cursor=cursor, **other), 422, "cursor-refused")

    def test_late_is_what_is_past_its_day_the_longest_first(
        self, office: Office, dispatcher: Person, clock: Clock
    ) -> None:
        slow = office.routed("Dlouhá lhůta", category="tree-care")
        fast = office.routed("Krátká lhůta", category="street-litter")
        solved = office.routed("Hotová", category="street-litter")
        dispatcher.change(solved, "state", {"state": "resolved"})
        assert dispatcher.listed(late=True) == []
        clock.passes(days=20)
        assert dispatcher.listed(late=True) == [str(fast)]
        clock.passes(days=40)
        assert dispatcher.listed(late=True) == [str(fast), str(slow)]
        assert dispatcher.get(f"/tickets/{fast}").json()["late"] is True

    @pytest.mark.parametrize("query", [{}, {"sort": "oldest"}, {"sort": "due"}, {"state": "assigned"}, {"q": "výmol"}])
    def test_pages_hold_every_ticket_once(self, office: Office, dispatcher: Person, query: dict[str, str]) -> None:
        made = {str(office.routed(f"Výmol {number}")) for number in range(7)}
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(10):
            page = dispatcher.get("/tickets", limit=3, **query, **cursor).json()
            seen += [ticket["id"] for ticket in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert sorted(seen) == sorted(made)

    def test_pages_of_tickets_of_the_same_moment_hold_every_one_once(self, office: Office, dispatcher: Person) -> None:
        events = [report(f"Najednou {number}") for number in range(7)]
        office.reports(messages(*events))
        first = dispatcher.get("/tickets", limit=4).json()
        second = dispatcher.get("/tickets", limit=4, cursor=first["next"]).json()
        assert len({ticket["id"] for ticket in first["items"] + second["items"]}) == 7

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "101"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "9" * 400}, {"limit": "x"}, {"state": "$ne"},
            {"state[$ne]": "x"}, {"category": '{"$gt": ""}'}, {"resolver": "a/b"}, {"number": "1"}, {"late": "maybe"},
            {"cursor": "{}"}, {"cursor": "x" * 1000}, {"cursor": "AAAA"}, {"cursor": "WzEsMl0"}, {"cursor": "W10"},
            {"q": "x" * 201}, {"unknown": "1"}, {"sort": "random"},
            {"cursor": "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIl0"},
        ],
    )  # fmt: skip
    def test_a_query_that_we_do_not_know_is_refused_clearly(
        self, office: Office, dispatcher: Person, query: dict[str, str]
    ) -> None:
        office.routed()
        problem(dispatcher.get("/tickets", **query), 422)

    @pytest.mark.parametrize("text", ['{"$ne": null}', "$where", "a" * 200, "{}", "…", "' || 1==1", "\x00"])
    def test_operators_of_the_database_are_only_text(self, office: Office, dispatcher: Person, text: str) -> None:
        office.routed()
        assert dispatcher.listed(q=text) == []


def test_how_common_a_word_is_is_asked_once_in_ten_minutes() -> None:
    asked, now = list[str](), [0.0]

    def count(_: str, word: str) -> int:
        asked.append(word)
        return len(word)

    counts = WordCounts(count, lambda: now[0])
    assert [counts.of("lipovany", "husov"), counts.of("lipovany", "husov"), counts.of("dubna", "husov")] == [5, 5, 5]
    assert asked == ["husov", "husov"]
    now[0] = 601
    assert counts.of("lipovany", "husov") == 5
    assert asked == ["husov"] * 3


def test_a_search_is_led_by_the_rarest_word_also_among_common_ones(database: Database[Document]) -> None:
    rows = [["lamp", "vzacn"] if number % 2 else ["lamp"] for number in range(3000)]
    database["tickets"].insert_many(
        [{"_id": uuid4(), "municipality": "lipovany", "words": words, "number": str(n)} for n, words in enumerate(rows)]
    )
    assert Queries(database)._rarest_first("lipovany", ["lamp", "vzacn"]) == ["vzacn", "lamp"]
