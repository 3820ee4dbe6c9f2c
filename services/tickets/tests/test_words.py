"""Searching as Czech people write: inflected, without diacritics, in any case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.cases.words import MOST_WORDS, SEARCHED_WORDS, searchable, searched, stem, with_words


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("lampa", "nesvítí dvě lampy"),
        ("lampou", "rozbitá lampa"),
        ("chodnik", "díra v chodníku"),
        ("chodníky", "na chodnících je led"),
        ("LAVIČKA", "ulomené prkno laviček"),
        ("Lipova", "v Lipové ulici"),
        ("kontejnery", "přeplněný kontejner"),
        ("2026-000123", "2026-000123"),
        ("č. 12", "před domem číslo 12"),
        ("popelnice", "nevyvezená popelnice"),
        ("stromy", "spadlý strom"),
    ],
)
def test_a_word_is_found_in_another_form(asked: str, written: str) -> None:
    names = [written] if written.startswith("2026-") else []
    assert set(searched(asked)) <= set(searchable([written], names))


@pytest.mark.parametrize(("asked", "written"), [("lampa", "lávka"), ("strom", "strop"), ("pes", "les")])
def test_another_word_is_not_found(asked: str, written: str) -> None:
    assert not set(searched(asked)) <= set(searchable([written]))


def test_an_address_is_found_whole() -> None:
    assert set(searched("Obcan@Example.test")) <= set(searchable([], ["obcan@example.test"]))


def test_a_query_of_no_words_asks_for_nothing() -> None:
    assert searched('{"$": 1, "": {}} … v a') == ["1"]
    assert searched("$ { } …") == []


def test_words_are_bounded() -> None:
    long = " ".join(f"slovo{number}" for number in range(5000))
    assert len(searchable([long])) == MOST_WORDS
    assert len(searched(long)) == SEARCHED_WORDS
    assert len(with_words(searchable([long]), "další")) == MOST_WORDS
    assert searchable(["a" * 10_000]) == []


@given(st.text(max_size=300))
def test_any_text_can_be_kept_and_asked_for(text: str) -> None:
    assert len(searchable([text], [text])) <= MOST_WORDS
    assert len(searched(text)) <= SEARCHED_WORDS


@given(st.text("aábcčdďeéěfghiíjklmnňoópqrřsštťuúůvwxyýzžAÁČĚŠŽ ", max_size=200))
def test_every_word_of_a_text_finds_it(text: str) -> None:
    kept = set(searchable([text]))
    assert all(set(searched(word)) <= kept for word in text.split())


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=30))
def test_a_stem_is_never_shorter_than_what_tells_words_apart(word: str) -> None:
    assert len(stem(word)) >= 3
