"""A town's first layer from ten answers: enough to receive and route its first mail; the rest is added file by file. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from packs.base import Address, Line, Link, Phone

DISPATCHER, WHISTLEBLOWING = "dispecer", "prislusna-osoba"
ROADS = {"motorway": "rsd", "first": "rsd", "second": "sus-kraje", "third": "sus-kraje"}
RAILWAY = "sprava-zeleznic"
# What an ORP does itself, and the job in its office that does it where nobody else is named.
WORK_OF_AN_ORP = {"urad-orp": "odbor-vnitrnich-veci", "stavebni-urad-orp": "odbor-spravy-majetku"}
NO_CONTACT = "Kontakt zatím chybí: doplňte ho v bodies.yaml. Do té doby předává dispečer."


class Refused(ValueError):
    """An answer that cannot be taken; the text says why, in Czech, for who answers."""


@dataclass(frozen=True)
class Ground:
    """What the layer below knows: names of roles and of sorts of bodies, by slug."""

    roles: Mapping[str, str]
    body_types: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One of the ten. `read` turns what was typed into a value, or raises Refused."""

    key: str
    ask: str
    read: Callable[[str, Ground], Any]
    usual: str = ""
    """What counts where nothing is typed."""


def _form(kind: Any, wanted: str) -> Callable[[str, Ground], str]:
    adapter = TypeAdapter[str](kind)

    def read(answer: str, _: Ground) -> str:
        try:
            return adapter.validate_python(answer.strip())
        except ValidationError:
            raise Refused(f"Potřebuji {wanted}.") from None

    return read


_email = _form(Address, "e-mailovou adresu malými písmeny, třeba podatelna@lipovany.test")
_phone = _form(Phone, "telefon z číslic a mezer, třeba +420 555 010 100")


def _orp(answer: str, ground: Ground) -> tuple[str, str] | None:
    """None: the town is an ORP itself; else name and address of its office."""
    if answer.strip().lower() in ("ano", "jsme", "ano, jsme"):
        return None
    name, _, address = (part.strip() for part in answer.rpartition(","))
    if not name:
        raise Refused("Napište „ano“, nebo úřad vaší ORP a jeho e-mail oddělené čárkou.")
    return name, _email(address, ground)


def _pairs(answer: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, (piece.strip() for piece in answer.split(","))):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not value:
            raise Refused(f"„{part}“ není dvojice kód=kontakt.")
        pairs[name] = value
    return pairs


def _known(name: str, among: Mapping[str, str]) -> None:
    if name not in among:
        raise Refused(f"Kód „{name}“ neznám. Můžete použít: {', '.join(among)}.")


def _teams(answer: str, ground: Ground) -> dict[str, str]:
    pairs = _pairs(answer)
    for role in pairs:
        _known(role, ground.roles)
    return {role: _email(address, ground) for role, address in pairs.items()}


def _bodies(answer: str, ground: Ground) -> dict[str, str]:
    pairs = _pairs(answer)
    for body_type, contact in pairs.items():
        _known(body_type, ground.body_types)
        (_email if "@" in contact else _phone)(contact, ground)
    return pairs


QUESTIONS = (
    Question("name", "Jak se město jmenuje? (jak se podepisuje: Město Lipovany)", _form(Line, "jméno města")),
    Question("email", "Na kterou e-mailovou adresu lidé píší?", _email),
    Question("web", "Jaký má město web? (https://…)", _form(Link, "odkaz, který začíná https://")),
    Question("phone", "Jaký je telefon na úřad?", _phone),
    Question("police_phone", "Jaký je telefon na městskou policii? (prázdné: nemáme, platí 158)", _phone, "158"),
    Question(
        "orp",
        "Jste obec s rozšířenou působností? (ano, nebo úřad vaší ORP a jeho e-mail: Městský úřad Kostelec, podatelna@kostelec.test)",
        _orp,
    ),
    Question("dispatcher", "Kdo u vás rozhodne o tom, co program neví? (e-mail dispečera)", _email),
    Question(
        "whistleblowing",
        "Kdo smí číst oznámení podle zákona o ochraně oznamovatelů? (e-mail příslušné osoby; nikdo jiný je neuvidí)",
        _email,
    ),
    Question(
        "teams",
        "Kdo řeší co? (kód=e-mail, oddělené čárkami: technicke-sluzby=ts@lipovany.test; koho nenapíšete, toho zastane dispečer)",
        _teams,
    ),
    Question(
        "bodies",
        "Kam předávat věci mimo město? (kód=e-mail nebo telefon: vodarny=dispecink@vodarny.test; zbytek doplníte později)",
        _bodies,
    ),
)


def read_answers(typed: Mapping[str, str], ground: Ground) -> dict[str, Any]:
    """All ten, read. Raises Refused with the question."""
    answers = {}
    for question in QUESTIONS:
        try:
            answers[question.key] = question.read(typed.get(question.key, "").strip() or question.usual, ground)
        except Refused as refused:
            raise Refused(f"{question.key}: {refused}") from None
    return answers


def first_layer(slug: str, below: str, answers: Mapping[str, Any], ground: Ground) -> dict[str, str]:
    """The layer's files by name, from answers as `read_answers` gives them."""
    return {
        "pack.yaml": _file(
            "pack", "Vrstva města: jen co je jiné než ve společné.",
            {"slug": slug, "name": answers["name"], "version": "1.0", "extends": below},
        ),
        "town.yaml": _file("town", "Město samo.", {"town": _town(slug, answers)}),
        "teams.yaml": _file("teams", "Kdo u města pracuje; každou roli z roles.yaml někdo zastává.", {"teams": _team_list(answers, ground)}),
        "bodies.yaml": _file("bodies", "Komu se předává, co městu nepatří.", {"bodies": _body_list(answers, ground)}),
        "gazetteer.yaml": _file(
            "gazetteer", "Ulice, části, sousední obce a správci: doplňte, nebo načtěte z RÚIAN (python -m router gazetteer import).",
            {"gazetteer": {"road_owners": ROADS, "railway": RAILWAY}},
        ),
    }  # fmt: skip


def _file(schema: str, comment: str, content: Mapping[str, Any]) -> str:
    head = f"# yaml-language-server: $schema=../schema/{schema}.schema.json\n# {comment}\n"
    return head + yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=120)


def _town(slug: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    town = {
        "slug": slug,
        "name": answers["name"],
        "email": answers["email"],
        "mail_domain": answers["email"].partition("@")[2],
        "web": answers["web"],
        "privacy_notice": f"{answers['web'].rstrip('/')}/osobni-udaje",
        "phone": answers["phone"],
        "police_phone": answers["police_phone"],
    }
    if answers["orp"] is None:
        town["itself"] = [{"body_type": kind, "role": role} for kind, role in WORK_OF_AN_ORP.items()]
    return town


def _team_list(answers: Mapping[str, Any], ground: Ground) -> list[dict[str, Any]]:
    named = {**answers["teams"], WHISTLEBLOWING: answers["whistleblowing"]}
    others = [role for role in ground.roles if role not in named or role == DISPATCHER]
    dispatcher = {"slug": "dispecink", "name": "Dispečink", "email": answers["dispatcher"], "roles": others}
    teams = [
        {"slug": role, "name": _without_brackets(ground.roles[role]), "email": address, "roles": [role]}
        for role, address in named.items()
        if role != DISPATCHER
    ]
    return [dispatcher, *teams]


def _body_list(answers: Mapping[str, Any], ground: Ground) -> list[dict[str, Any]]:
    itself = WORK_OF_AN_ORP if answers["orp"] is None else {}
    bodies = []
    for kind, name in ground.body_types.items():
        if kind in itself:
            continue
        body = {"slug": kind, "type": kind, "name": _without_brackets(name)}
        contact = answers["bodies"].get(kind)
        if answers["orp"] is not None and kind in WORK_OF_AN_ORP:
            body["name"] = answers["orp"][0] if kind == "urad-orp" else f"{answers['orp'][0]}, stavební úřad"
            contact = contact or answers["orp"][1]
        if kind == "izs-112":
            contact = contact or "112"
        way = {"note": NO_CONTACT} if contact is None else {"email" if "@" in contact else "phone": contact}
        bodies.append({**body, **way})
    return bodies


def _without_brackets(name: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", name)
