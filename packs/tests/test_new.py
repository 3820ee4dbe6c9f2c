"""`python -m packs new`: a town's own pack from ten answers."""

from pathlib import Path

import pytest
import yaml

import packs
from packs.founding import QUESTIONS
from packs.new import new

from .workshop import Workshop

ANSWERS = {
    "name": "Město Kamenná Lhota",
    "email": "hlaseni@kamenna-lhota.test",
    "web": "https://kamenna-lhota.test",
    "phone": "+420 555 100 200",
    "police_phone": "",
    "orp": "Městský úřad Kostelec, podatelna@kostelec.test",
    "dispatcher": "dispecink@kamenna-lhota.test",
    "whistleblowing": "osoba@kamenna-lhota.test",
    "teams": "technicke-sluzby=ts@kamenna-lhota.test, mestska-policie=mp@kamenna-lhota.test",
    "bodies": "vodarny=dispecink@vodarny.test, sus-kraje=+420 555 300 400",
}


def made(workshop: Workshop, **answers: str) -> tuple[int, str]:
    """What the command says to these answers, typed one after the other."""
    typed, said = iter(({**ANSWERS, **answers}).values()), list[str]()
    code = new(workshop.folder, "kamenna-lhota", "cz-town", None, lambda _: next(typed), said.append)
    return code, "\n".join(said)


def test_there_are_ten_questions() -> None:
    assert [question.key for question in QUESTIONS] == list(ANSWERS)


def test_ten_answers_make_a_pack_that_the_check_finds_fine(workshop: Workshop) -> None:
    assert made(workshop)[0] == 0
    assert packs.check(workshop.folder / "kamenna-lhota") == []
    pack = packs.load(workshop.folder / "kamenna-lhota")
    assert (pack.town.email, pack.town.police_phone) == ("hlaseni@kamenna-lhota.test", "158")
    assert pack.team_for("technicke-sluzby").email == "ts@kamenna-lhota.test"
    assert pack.team_for("odbor-financni").email == "dispecink@kamenna-lhota.test"
    assert pack.body("vodarny").email == "dispecink@vodarny.test"
    assert pack.body("sus-kraje").phone == "+420 555 300 400"
    assert pack.body("urad-orp").email == "podatelna@kostelec.test"
    assert pack.body("khs").note is not None


def test_an_orp_does_itself_what_is_an_orps(workshop: Workshop) -> None:
    assert made(workshop, orp="ano")[0] == 0
    pack = packs.load(workshop.folder / "kamenna-lhota")
    assert pack.own_role("urad-orp") == "odbor-vnitrnich-veci"
    assert pack.own_role("stavebni-urad-orp") == "odbor-spravy-majetku"
    assert pack.own_role("khs") is None
    assert "urad-orp" not in {body.type for body in pack.bodies}


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("{body_type: urad-opr, role: odbor-dopravy}", "did you mean `urad-orp`?"),
        ("{body_type: urad-orp, role: odbor-dopravi}", "did you mean `odbor-dopravy`?"),
    ],
)
def test_own_work_that_nobody_knows_is_found(work: str, said: str, workshop: Workshop) -> None:
    workshop.append("lipovany/town.yaml", f"  itself:\n    - {work}\n")
    (finding,) = workshop.check()
    assert finding.remedy == said


def test_whistleblowers_are_never_read_by_the_dispatcher(workshop: Workshop) -> None:
    made(workshop)
    pack = packs.load(workshop.folder / "kamenna-lhota")
    assert pack.team_for("prislusna-osoba").email == "osoba@kamenna-lhota.test"
    assert "prislusna-osoba" not in pack.dispatcher.roles


@pytest.mark.parametrize(
    ("key", "wrong", "said"),
    [
        ("email", "podatelna", "e-mailovou adresu"),
        ("web", "kamenna-lhota.test", "https://"),
        ("phone", "zavolejte", "telefon"),
        ("orp", "asi ne", "ano"),
        ("orp", "Úřad, kdovíkde", "e-mailovou adresu"),
        ("teams", "technicke-sluzby", "není dvojice"),
        ("teams", "technické služby=ts@x.test", "neznám"),
        ("bodies", "vodarny=nevím", "telefon"),
        ("bodies", "pošta=p@x.test", "ceska-posta"),
        ("name", "", "jméno města"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_explained_and_asked_again(
    key: str, wrong: str, said: str, workshop: Workshop
) -> None:
    typed, told, asked = [], list[str](), list[str]()
    for name, answer in ANSWERS.items():
        typed += [wrong, answer] if name == key else [answer]
    answers = iter(typed)

    def ask(question: str) -> str:
        asked.append(question)
        return next(answers)

    assert new(workshop.folder, "kamenna-lhota", "cz-town", None, ask, told.append) == 0
    assert said in told[0]
    assert len(asked) == 11


def test_answers_may_come_from_a_file(workshop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(ANSWERS, allow_unicode=True), encoding="utf-8")
    assert new(workshop.folder, "kamenna-lhota", "cz-town", file, tell=lambda _: None) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [("[", "ParserError"), ("- a", "čekám klíče"), ("nazev: x", "neznámé klíče nazev"), ("name: x", "email: ")],
)
def test_a_file_of_answers_that_is_none_is_told_and_nothing_is_written(
    content: str, said: str, workshop: Workshop, tmp_path: Path
) -> None:
    file, told = tmp_path / "answers.yaml", list[str]()
    file.write_text(content, encoding="utf-8")
    assert new(workshop.folder, "kamenna-lhota", "cz-town", file, tell=told.append) == 1
    assert said in told[0]
    assert not (workshop.folder / "kamenna-lhota").exists()


def test_a_pack_that_is_there_is_never_written_over(workshop: Workshop) -> None:
    before = (workshop.pack / "town.yaml").read_bytes()
    assert new(workshop.folder, "lipovany", "cz-town", None, lambda _: "", lambda _: None) == 2
    assert (workshop.pack / "town.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["Lhota", "kamenná", "../lhota", ""])
def test_a_name_that_is_no_slug_is_refused(name: str, workshop: Workshop) -> None:
    assert new(workshop.folder, name, "cz-town", None, lambda _: "", lambda _: None) == 2


def test_who_gives_up_leaves_nothing_behind(workshop: Workshop) -> None:
    def hang_up(_: str) -> str:
        raise EOFError

    assert new(workshop.folder, "kamenna-lhota", "cz-town", None, hang_up, lambda _: None) == 1
    assert not (workshop.folder / "kamenna-lhota").exists()
