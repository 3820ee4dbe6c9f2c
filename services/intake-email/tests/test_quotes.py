"""What the writer says now, quoted history and signature, as clients in these parts write them."""

import time

import pytest

from intake_email.message import quotes

SAID = "Dobrý den,\n\nlampa v Lipové ulici stále nesvítí."
HISTORY = "Dobrý den,\nděkujeme za podnět, lampu opravíme.\nMěsto Lipovany"


@pytest.mark.parametrize(
    "mark",
    [
        "Dne 24. 11. 2026 v 10:15 Podatelna <podatelna@lipovany.test> napsal(a):",
        "út 24. 11. 2026 v 10:15 odesílatel Podatelna <podatelna@lipovany.test>\nnapsal:",
        "Dne úterý 24. listopadu 2026 10:15:00, Podatelna napsal(a):",
        "24. 11. 2026 v 10:15, Podatelna <podatelna@lipovany.test>:\nnapsala:",
        "---------- Původní e-mail ----------\nOd: Podatelna\nKomu: občan\nDatum: 24. 11. 2026\nPředmět: Lampa",
        "-----Původní zpráva-----\nFrom: Podatelna\nSent: Tuesday\nTo: občan\nSubject: Lampa",
        "-----Original Message-----\nFrom: Podatelna",
        "-----Ursprüngliche Nachricht-----\nVon: Podatelna",
        "________________________________\nOd: Podatelna <podatelna@lipovany.test>\nOdesláno: úterý 24. listopadu\nKomu: občan\nPředmět: Lampa",
        "*From:* Podatelna\n*Sent:* Tuesday\n*To:* občan\n*Subject:* Lampa",
        "Von: Podatelna\nGesendet: Dienstag\nAn: občan\nBetreff: Lampe",
        "On Tue, Nov 24, 2026 at 10:15 AM Podatelna <podatelna@lipovany.test> wrote:",
        "Am 24.11.2026 um 10:15 schrieb Podatelna <podatelna@lipovany.test>:",
        "Dňa 24. 11. 2026 o 10:15 Podatelna napísal(a):",
    ],
)
@pytest.mark.parametrize("prefix", ["", "> "])
def test_the_history_below_a_reply_is_set_apart(mark: str, prefix: str) -> None:
    history = "\n".join(prefix + line for line in HISTORY.split("\n"))
    divided = quotes.divide(f"{SAID}\n\n{mark}\n\n{history}\n", reply=True, forward=False)
    assert divided.text == SAID
    assert "lampu opravíme" in divided.quote
    assert mark.split("\n")[0].strip() in divided.quote


def test_an_answer_between_the_quoted_lines_is_the_text() -> None:
    mail = "Dne 24. 11. 2026 Podatelna napsal(a):\n> Kde přesně lampa je?\nU čísla 12.\n> A odkdy?\nOd pondělí."
    divided = quotes.divide(mail, reply=True, forward=False)
    assert divided.text == "U čísla 12.\nOd pondělí."
    assert divided.quote == "Dne 24. 11. 2026 Podatelna napsal(a):\n> Kde přesně lampa je?\n> A odkdy?"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nObčan\ntel. 600 000 000",
        "S pozdravem\nObčan",
        "S přátelským pozdravem,\n\nObčan\nLipová 12",
        "S pozdravem Občan",
        "Děkuji\nObčan",
        "Předem děkuji.\nObčan",
        "Děkuji a přeji hezký den\nObčan",
        "Mit freundlichen Grüßen\nBürger",
        "Best regards,\nCitizen",
        "Odesláno z iPhonu",
        "Odesláno ze zařízení Galaxy",
        "Získat Outlook pro Android",
        "Sent from my iPhone",
        "S pozdravem\nObčan\n\nOdesláno z mobilu",
    ],
)
def test_a_signature_is_set_apart_and_kept(signature: str) -> None:
    divided = quotes.divide(f"{SAID}\n\n{signature}\n", reply=False, forward=False)
    assert divided.text == SAID
    for line in filter(None, signature.split("\n")):
        assert line in divided.signature or line == "-- "


@pytest.mark.parametrize(
    "text",
    [
        "Děkuji.\nNesvítí lampa u školy.",
        "Hezký den, chtěl bych nahlásit výmol v Lipové ulici.",
        "Lampa nesvítí.\n\nS pozdravem\nObčan\n\nP.S. Výmol je přímo před domem číslo 12.",
        "Zdraví dětí je ohroženo, na hřišti leží sklo.",
        "Dobrý den,\ndíky za opravu.\nTeď ale nesvítí vedlejší lampa a je tam úplná tma. Pošlete prosím někoho.",
        "Rozměry díry:\n> 30 cm hloubka\n> 50 cm šířka",
        "Od: pondělí\nje lampa rozbitá",
        "Dne 24. 11. jsem byl na úřadě a úředník napsal: přijďte zítra. Nepřišel jsem.",
        "--\nvýmol v Lipové ulici" + "\nřádek" * 40,
    ],
)
def test_words_of_the_report_are_not_taken_for_signature_or_quote(text: str) -> None:
    divided = quotes.divide(text, reply=False, forward=False)
    assert divided.text == text
    assert divided.quote == ""


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "-------- Přeposlaná zpráva --------",
        "Začátek přeposílané zprávy:",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
    ],
)
@pytest.mark.parametrize("note", ["", "Prosím o vyřízení."])
def test_a_message_passed_on_with_a_note_is_the_matter(mark: str, note: str) -> None:
    text = f"{note}\n\n{mark}\nOd: soused\nPředmět: Výmol\n\nV Lipové ulici je výmol."
    divided = quotes.divide(text, reply=False, forward=True)
    assert "V Lipové ulici je výmol." in divided.text
    assert divided.text.startswith(note or mark)
    assert divided.quote == ""


def test_history_of_outlook_below_a_forward_subject_is_the_matter() -> None:
    text = "K řešení.\n\nOd: soused\nOdesláno: úterý\nKomu: známý\nPředmět: Výmol\n\nV Lipové ulici je výmol."
    assert "V Lipové ulici je výmol." in quotes.divide(text, reply=False, forward=True).text
    assert "V Lipové ulici je výmol." in quotes.divide(text, reply=True, forward=False).quote


def test_a_first_message_that_consists_of_a_quote_alone_is_read() -> None:
    text = "Dne 24. 11. 2026 soused napsal(a):\n\nV Lipové ulici je výmol."
    assert "V Lipové ulici je výmol." in quotes.divide(text, reply=False, forward=False).text


def test_a_reply_of_a_photo_alone_has_no_text() -> None:
    divided = quotes.divide(f"\n\nDne 24. 11. 2026 Podatelna napsal(a):\n\n{HISTORY}", reply=True, forward=False)
    assert divided.text == ""
    assert "lampu opravíme" in divided.quote


@pytest.mark.parametrize(
    "line", ["> ", "Od: x\n", "Dne 1. 1. 2026 napsal(a)\n", "-" * 300 + "\n", "x napsal: \n", "\n", "S pozdravem\n"]
)
def test_long_texts_take_linear_time(line: str) -> None:
    began = time.process_time()
    quotes.divide(line * (2_000_000 // len(line)), reply=True, forward=True)
    quotes.divide((line * 3 + "\n") * 1_200, reply=True, forward=False)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [("Re: x", 1, 0), ("Odp: x", 1, 0), ("FW: x", 0, 1), ("Fwd: x", 0, 1), ("Regál", 0, 0)],
)
def test_subjects_tell_replies_and_forwards(subject: str, reply: int, forward: int) -> None:
    assert quotes.is_reply_subject(subject) == bool(reply)
    assert quotes.is_forward_subject(subject) == bool(forward)
