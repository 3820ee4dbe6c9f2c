"""What a body outside the town is not told of people, and what it needs all the same."""

import pytest

from notifier.writing.masking import ACCOUNT, BIRTH_NUMBER, EMAIL, LINK, PHONE, PLATE, masked, without_correspondents


@pytest.mark.parametrize(
    "phone",
    [
        "604 123 456", "604123456", "+420 604 123 456", "+420604123456", "00420 604 123 456", "604-123-456", "604.123.456",
        "604/123 456", "(604) 123 456", "+421 905 123 456", "+49 151 23456789", "+380 67 123 45 67", "555 010 100",
        "777 12 34 56", "777\u2013123\u2013456", "777  123  456", "777 - 123 - 456", "604\u200b123\u200b456", "+420 777 12 34 56",
        "777\u00a0123\u00a0456", "777\u2011123\u2011456",
    ],
)  # fmt: skip
def test_telephones_are_masked(phone: str) -> None:
    assert masked(f"Volejte {phone}, jsem doma.") == f"Volejte {PHONE}, jsem doma."
    assert masked(f"tel.: {phone}") == f"tel.: {PHONE}"


@pytest.mark.parametrize(
    "address",
    [
        "obcan@example.test",
        "o.b-c+d@pod.example.test",
        "obcan (at) example.test",
        "obcan[zavináč]example.test",
        "obcan (a) example.test",
        "obcan zavináč example tečka test",
        "jiny tečka obcan zavinac example tecka test",
        "obcan@\u200bexample.test",
        "obcan(at)example(tečka)test",
    ],
)
def test_mail_addresses_are_masked(address: str) -> None:
    assert masked(f"Pište na {address} prosím.") == f"Pište na {EMAIL} prosím."


@pytest.mark.parametrize(
    "number", ["850101/1116", "8501011116", "855101/1111", "850101 1116", "530101/123", "045123/1113"]
)
def test_birth_numbers_are_masked(number: str) -> None:
    assert masked(f"moje r. č. {number}.") == f"moje r. č. {BIRTH_NUMBER}."


@pytest.mark.parametrize("plate", ["1AB 2345", "1AB2345", "1ab 2345", "9U5-1234", "EL 123 AB", "ABC 12-34", "AB 12 34"])
def test_plates_are_masked(plate: str) -> None:
    assert masked(f"Auto {plate} tu stojí.") == f"Auto {PLATE} tu stojí."


@pytest.mark.parametrize(
    "account",
    ["19-2000145399/0800", "2000145399/0800", "123456/0100", "86-1011630/0100", "CZ65 0800 0000 1920 0014 5399",
     "CZ6508000000192000145399", "SK31 1200 0000 1987 4263 7541"],
)  # fmt: skip
def test_account_numbers_are_masked(account: str) -> None:
    assert masked(f"účet {account}, prosím.") == f"účet {ACCOUNT}, prosím."


@pytest.mark.parametrize("link", ["https://example.test/obcan?id=5", "www.example.test/stranka", "HTTP://EXAMPLE.test"])
def test_links_are_masked(link: str) -> None:
    assert masked(f"viz {link} tam") == f"viz {LINK} tam"


@pytest.mark.parametrize(
    "text",
    [
        "Husova 1234/56, Lipovany",
        "U domu č. p. 1204 je díra.",
        "Lampa č. 4512, sloup 77/3",
        "parcela č. 1234/5 v k. ú. Lipovany",
        "přejezd P7712 na trati 230",
        "49.1234567, 16.7654321",
        "49.94210 N, 15.26830 E",
        "naše číslo 2026-000123",
        "dne 1. 12. 2026 v 10:30, od 8.00 do 16.00",
        "2026-12-01",
        "podle zákona č. 283/2021 Sb. a 12/2020",
        "silnice II/602, D1 km 112,5",
        "škoda asi 100 000 000 Kč",
        "voda neteče od 10-12 hodin",
        "autobus 10 12 nejel",
        "teploty 12 až 15, 3x týdně, 150 m od školy",
        "ČSN 73 6110",
        "PSČ 588 32",
        "schody 20/30 cm",
        "volejte 112 nebo 158",
        "výmol (a) obrubník. Pak (b) lampa.",
        "Děkuji. Za tečkou nic není",
        "od 8:00\u201316:00, 12\u201315 °C, mezi čp. 120\u2013124",
    ],
)
def test_what_the_work_needs_stays(text: str) -> None:
    assert masked(text) == text


def test_everything_in_one_text_is_masked_and_the_rest_stays() -> None:
    text = (
        "Před domem Husova 12 stojí auto 1AB 2345. Jsem doma, tel. 604 123 456, obcan@example.test.\n"
        "R. č. 850101/1116, účet 2000145399/0800."
    )
    assert masked(text) == (
        f"Před domem Husova 12 stojí auto {PLATE}. Jsem doma, tel. {PHONE}, {EMAIL}.\nR. č. {BIRTH_NUMBER}, účet {ACCOUNT}."
    )


def test_who_wrote_a_forwarded_mail_is_left_out_and_the_matter_stays() -> None:
    forwarded = "Prosím o vyřízení.\n\n> *Od:* občan <obcan@example.test>\n> Komu: spolek\n> Předmět: lampa\n>\n> Nesvítí lampa."
    assert without_correspondents(forwarded) == "Prosím o vyřízení.\n\n> Předmět: lampa\n>\n> Nesvítí lampa."
    assert without_correspondents("Od: občan\nOdesláno: včera\n\nDíra.") == "Odesláno: včera\n\nDíra."
    assert without_correspondents("Voda teče.\nOd: 8 do 16 hodin\nDěkuji") == "Voda teče.\nOd: 8 do 16 hodin\nDěkuji"


def test_masking_twice_changes_nothing_more() -> None:
    once = masked("604 123 456 obcan@example.test 850101/1116 1AB 2345 2000145399/0800 www.example.test")
    assert masked(once) == once
