"""Every fault that a pack may have is told by file, line, reason and remedy."""

from dataclasses import dataclass

import pytest

import packs
from packs.findings import Finding

from .workshop import PACKS, Workshop

LIGHTING = "cz-town/categories/lighting.yaml"
TEXTS = "cz-town/texts/acknowledgements.yaml"
MATTER = "cz-town/rules/matter.yaml"
COMPETENCE = "cz-town/rules/competence.yaml"
TEAMS = "lipovany/teams.yaml"
BODIES = "lipovany/bodies.yaml"


@dataclass(frozen=True)
class Damage:
    """What is changed in a file, and the finding that must come of it."""

    file: str
    old: str
    new: str
    marker: str
    """Stands on the line that is told."""
    reason: str
    remedy: str
    told_in: str | None = None
    """Where it is told, if elsewhere."""


DAMAGES = {
    "an unknown key": Damage(
        TEAMS, "    phone: '156'", "    phonne: '156'", "phonne", "unknown key `phonne`", "did you mean `phone`?"
    ),
    "an unknown key at the top": Damage(
        TEAMS, "teams:\n", "crew: []\nteams:\n", "crew", "unknown key `crew`", "this file may have `teams`"
    ),
    "a missing key": Damage(
        TEAMS,
        "    email: podatelna-prijem@lipovany.test\n",
        "",
        "- slug: podatelna",
        "`email` is missing",
        "add `email:` here",
    ),
    "a wrong word": Damage(
        LIGHTING,
        "kind: fault",
        "kind: failure",
        "kind: failure",
        "`failure` is not known as `kind`",
        "use 'fault', 'complaint', 'praise', 'question', 'suggestion', 'emergency', 'procedure' or 'spam'",
    ),
    "a wrong form": Damage(
        TEAMS,
        "email: doprava@lipovany.test",
        "email: Doprava",
        "email: Doprava",
        "`Doprava` has not the form of `email`",
        "write an e-mail address in lower case",
    ),
    "a number where text belongs": Damage(
        "lipovany/pack.yaml",
        "version: '1.0'",
        "version: 1.0",
        "version: 1.0",
        "`version` is not text",
        "put it in quotation marks, or remove what is indented below",
    ),
    "a negative term": Damage(
        LIGHTING,
        "value: 5",
        "value: -5",
        "value: -5",
        "`value`: input should be greater than or equal to 0",
        "see packs/schema/ for what fits here",
    ),
    "broken YAML": Damage(
        TEAMS,
        "    roles: [podatelna]",
        "    roles: [podatelna",
        "- slug: dispecink",
        "not YAML: did not find expected ',' or ']'",
        "mend the form; usual causes are indentation, a tab, or a colon in a text without quotation marks",
    ),
    "an alias": Damage(
        TEAMS,
        "    roles: [podatelna]",
        "    roles: &all [podatelna]\n  - *all",
        "*all",
        "an alias (`*`)",
        "write the value out",
    ),
    "a tag": Damage(
        TEAMS,
        "name: Podatelna",
        "name: !!python/name:os.system Podatelna",
        "!!python",
        "an unknown tag `tag:yaml.org,2002:python/name:os.system`",
        "remove the tag",
    ),
    "a key twice": Damage(
        TEAMS,
        "    name: Podatelna\n",
        "    name: Podatelna\n    name: Jiná\n",
        "Jiná",
        "`name` stands here twice",
        "keep one of them",
    ),
    "a body under a team's slug": Damage(
        "lipovany/bodies.yaml",
        "  - slug: vodarny\n",
        "  - slug: pravnik\n",
        "  - slug: pravnik\n",
        "a team has the slug `pravnik` too (lipovany/teams.yaml, line 47)",
        "give one of them another slug",
    ),
    "a slug twice in one layer": Damage(
        TEAMS,
        "  - slug: pravnik\n",
        "  - slug: podatelna\n",
        "  - slug: podatelna\n    name: Právník",
        "`podatelna` also stands in lipovany/teams.yaml, line 3",
        "remove one of them, or give it a slug of its own",
    ),
    "a category nobody solves": Damage(
        TEAMS,
        "roles: [technicke-sluzby]",
        "roles: [pravnik]",
        "role: technicke-sluzby",
        "nobody solves this: no team fills the role `technicke-sluzby`",
        "give it to a team in teams.yaml",
        told_in=LIGHTING,
    ),
    "no dispatcher": Damage(
        TEAMS,
        "roles: [dispecer]",
        "roles: [pravnik]",
        "dispatcher: dispecer",
        "nobody solves this: no team fills the role `dispecer`",
        "give it to a team in teams.yaml",
        told_in="cz-town/pack.yaml",
    ),
    "a body without a way to reach it": Damage(
        BODIES,
        "    email: dispecink@lipske-vodarny.test\n    phone: +420 555 030 100\n",
        "",
        "- slug: vodarny",
        "cases go to this body (cz-town/categories/water.yaml, line {vodarny}), but there is no way to reach it",
        "add `email:` or `phone:`, or say in `note:` how a person finds it",
    ),
    "no body of a type that is used": Damage(
        BODIES,
        "    type: khs",
        "    type: coi",
        "body_type: khs",
        "the town has no body of the type `khs`",
        "add one to bodies.yaml",
        told_in="cz-town/categories/public-order.yaml",
    ),
    "an unknown variable": Damage(
        TEXTS,
        "Řeší: {{ resolver_name }}",
        "Řeší: {{ resolver_nam }}",
        "resolver_nam }}",
        "`acknowledgement` speaks of an unknown variable `resolver_nam`",
        "did you mean `resolver_name`?",
    ),
    "a variable of another text": Damage(
        TEXTS,
        "vaši zprávu jsme přijali pod číslem {{ number }}. Přečte",
        "vaši zprávu {{ category_answer }} jsme přijali pod číslem {{ number }}. Přečte",
        "category_answer }} jsme",
        "`acknowledgement_unclear` speaks of an unknown variable `category_answer`",
        "known here are due_date, number, place, police_phone, privacy_url, town_name, town_phone, town_web",
    ),
    "a template that does not end": Damage(
        TEXTS,
        "        {% if category_answer %}\n        {{ category_answer }}\n\n        {% endif %}\n        O co",
        "        {% if category_answer %}\n        {{ category_answer }}\n\n        O co",
        "{{ town_phone }}, {{ town_web }}",
        "`acknowledgement` is no template: Unexpected end of template. Jinja was looking for the following tags: "
        "'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
        "variables are written {{ name }}, conditions {% if name %}…{% endif %}",
    ),
    "a variable used although it may be absent": Damage(
        TEXTS,
        "        Kde: {{ place }}\n        {% endif %}\n        {% if body_name %}",
        "        {% endif %}\n        Kde: {{ place.upper() }}\n        {% if body_name %}",
        "body: |",
        "`acknowledgement` cannot be filled in: UndefinedError",
        "ask with {% if name %} before using what may be absent",
    ),
    "a text that nobody sends": Damage(
        TEXTS,
        "  acknowledgement_confidential:\n",
        "  acknowledgement_secret:\n",
        "acknowledgement_secret",
        "no service sends a text `acknowledgement_secret`",
        "did you mean `acknowledgement`?",
    ),
    "an empty condition": Damage(
        MATTER,
        "    when:\n      automatic: [replied, bounce, own]",
        "    when: {}",
        "when: {}",
        "the rule `machine-reply` asks for nothing",
        "say in `when:` what it needs, or remove it",
    ),
    "a rule behind a wider one": Damage(
        MATTER,
        "  - slug: gas\n",
        "  - slug: gas-wide\n    why: Širší.\n    when:\n      any_of: [plyn]\n    then:\n      category: gas-leak\n  - slug: gas\n",
        "when:\n      any_of: [plyn., plynu.",
        "the rule `gas` can never fire: `gas-wide` above it fires first",
        "put the narrower rule first, or remove one of them",
    ),
    "a rule that forbids what it asks for": Damage(
        COMPETENCE,
        "      any_of: [jímk, septik, žump]\n",
        "      any_of: [jímk, septik, žump]\n      none_of: [jím*, septik, žump]\n",
        "when:\n      any_of: [jímk",
        "the rule `own-cesspit` can never fire: `none_of` forbids what it asks for",
        "shorten `none_of`",
    ),
    "a competence of two": Damage(
        COMPETENCE,
        "    then:\n      body_type: izs-112\n\n  - slug: game",
        "    then:\n      body_type: izs-112\n      town: true\n\n  - slug: game",
        "then:\n      body_type: izs-112",
        "a competence rule names exactly one solver",
        "keep one of body_type, keeper: true, town: true, role",
    ),
    "a layer that is not there": Damage(
        "lipovany/pack.yaml",
        "extends: cz-town",
        "extends: sk-town",
        "extends",
        "there is no layer `sk-town`",
        "name a folder beside this one that has a pack.yaml",
    ),
    "layers in a circle": Damage(
        "cz-town/pack.yaml",
        "ground: true",
        "extends: lipovany",
        "extends: lipovany",
        "the layers go round in a circle",
        "let the lowest one extend nothing",
    ),
    "a slug that is not the folder's": Damage(
        "lipovany/pack.yaml",
        "slug: lipovany",
        "slug: lipany",
        "slug: lipany",
        "the layer lies in the folder `lipovany`",
        "give both the same name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_fault_is_told_with_file_line_reason_and_remedy(workshop: Workshop, damage: Damage) -> None:
    workshop.replace(damage.file, damage.old, damage.new)
    told_in = damage.told_in or damage.file
    first, _, second = damage.marker.partition("\n")
    line = _line(workshop, told_in, first, second)
    reason = damage.reason.replace(
        "{vodarny}", str(workshop.line("cz-town/categories/water.yaml", "body_type: vodarny"))
    )
    assert Finding(told_in, line, reason, damage.remedy) in workshop.check()
    with pytest.raises(packs.PackError) as refusal:
        packs.load(workshop.pack)
    assert refusal.value.findings


def _line(workshop: Workshop, file: str, first: str, second: str) -> int:
    lines = (workshop.folder / file).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if first in line and (not second or second in lines[n]))


UNKNOWN_SLUGS = {
    "a category's area": (LIGHTING, "area: lighting", "area: lightning", "areas", "lighting"),
    "a category's role": (LIGHTING, "role: technicke-sluzby", "role: technicke-sluzba", "roles", "technicke-sluzby"),
    "a category's body": ("cz-town/categories/water.yaml", "body_type: vodarny", "body_type: vodarna", "body_types", "vodarny"),
    "a team's role": (TEAMS, "roles: [podatelna]", "roles: [podatelny]", "roles", "podatelna"),
    "a body's type": (BODIES, "type: khs", "type: kha", "body_types", "khs"),
    "a rule's category": (MATTER, "category: gas-leak", "category: gas-leek", "categories", "gas-leak"),
    "a rule's body": (COMPETENCE, "body_type: izs-112", "body_type: izs-113", "body_types", "izs-112"),
    "a rule's role": (COMPETENCE, "role: starosta", "role: starostka", "roles", "starosta"),
    "a condition's category": (COMPETENCE, "categories: [hazardous-find]", "categories: [hazardous-fnd]", "categories", "hazardous-find"),
    "a street's district": ("lipovany/gazetteer.yaml", "district: podlesi", "district: podlesie", "gazetteer/districts", "podlesi"),
    "a neighbour's body": ("lipovany/gazetteer.yaml", "body: obec-brezi", "body: obec-breze", "bodies", "obec-brezi"),
    "a road's owner": ("lipovany/gazetteer.yaml", "first: rsd", "first: rsdd", "body_types", "rsd"),
    "the railway": ("lipovany/gazetteer.yaml", "railway: sprava-zeleznic", "railway: sprava-zeleznice", "body_types", "sprava-zeleznic"),
    "a default": ("cz-town/pack.yaml", "unclear: unclear", "unclear: uncler", "categories", "unclear"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN_SLUGS.values(), ids=UNKNOWN_SLUGS.keys())
def test_an_unknown_slug_is_told_with_the_nearest_known_one(
    workshop: Workshop, case: tuple[str, str, str, str, str]
) -> None:
    file, old, new, target, meant = case
    workshop.replace(file, old, new)
    wrong = new.rpartition(" ")[2].strip("[]")
    expected = Finding(file, workshop.line(file, new), f"`{wrong}` is not in {target}", f"did you mean `{meant}`?")
    assert expected in workshop.check()


def test_a_slug_that_is_like_no_other_names_the_list_where_it_belongs(workshop: Workshop) -> None:
    workshop.replace(MATTER, "category: gas-leak", "category: xyz")
    (finding,) = workshop.check()
    assert finding == Finding(
        MATTER, workshop.line(MATTER, "xyz"), "`xyz` is not in categories", "use one of categories or add it there"
    )


def test_a_missing_text_is_told(workshop: Workshop) -> None:
    (workshop.folder / "cz-town/texts/bodies.yaml").unlink()
    reasons = [finding.reason for finding in workshop.check()]
    assert reasons == ["the text `body_request` is missing", "the text `body_withdrawn` is missing"]


def test_a_missing_language_is_told(workshop: Workshop) -> None:
    path = workshop.folder / TEXTS
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("    en:")], encoding="utf-8")
    expected = Finding(
        TEXTS,
        workshop.line(TEXTS, "acknowledgement_confidential"),
        "`acknowledgement_confidential` is missing in `en`",
        "add `en:` with subject and body",
    )
    assert workshop.check() == [expected]


def test_a_missing_section_is_told_with_its_file(workshop: Workshop) -> None:
    (workshop.pack / "town.yaml").unlink()
    assert Finding("lipovany/pack.yaml", 1, "`town` is missing", "add it in town.yaml") in workshop.check()


def test_a_file_that_belongs_to_no_pack_is_told(workshop: Workshop) -> None:
    workshop.append("lipovany/team.yaml", "teams: []\n")
    reason, remedy = "no such file belongs to a pack", "did you mean `teams.yaml`? Remove or rename it"
    assert workshop.check() == [Finding("lipovany/team.yaml", 1, reason, remedy)]


def test_a_file_that_is_not_utf8_is_told_with_its_line(workshop: Workshop) -> None:
    path = workshop.pack / "teams.yaml"
    path.write_bytes(b"# a\n# b\n# \xe1\n" + path.read_bytes())
    assert workshop.check() == [Finding(TEAMS, 3, "the file is not UTF-8 text", "save it as UTF-8")]


def test_an_empty_and_a_huge_file_are_told(workshop: Workshop) -> None:
    (workshop.pack / "teams.yaml").write_text("# nothing\n")
    (workshop.pack / "bodies.yaml").write_text("#" * 1_000_001)
    assert workshop.check() == [
        Finding(BODIES, 1, "the file is larger than 1 MB", "split it"),
        Finding(TEAMS, 1, "the file is empty", "fill it or remove it"),
    ]


def test_a_list_where_keys_belong_is_told(workshop: Workshop) -> None:
    (workshop.pack / "teams.yaml").write_text("# the teams\n- slug: podatelna\n")
    assert workshop.check() == [Finding(TEAMS, 2, "the file holds no keys", "begin with `teams:`")]


def test_a_folder_without_a_header_is_told(workshop: Workshop) -> None:
    (workshop.pack / "pack.yaml").unlink()
    reason, remedy = "the file is missing", "a pack begins with its pack.yaml"
    assert Finding("lipovany/pack.yaml", 1, reason, remedy) in workshop.check()


def test_all_faults_are_told_at_once_in_the_order_of_files_and_lines(workshop: Workshop) -> None:
    workshop.replace(TEAMS, "roles: [podatelna]", "roles: [podatelny]")
    workshop.replace(BODIES, "type: khs", "type: kha")
    workshop.replace(TEXTS, "Řeší: {{ resolver_name }}", "Řeší: {{ resolver_nam }}")
    findings = workshop.check()
    assert findings == sorted(findings)
    assert {finding.file for finding in findings} >= {TEAMS, BODIES, TEXTS}


@pytest.mark.parametrize("pack", ["cz-town", "lipovany"])
def test_the_packs_of_the_tree_are_fine(pack: str) -> None:
    assert packs.check(PACKS / pack) == []


def test_a_ground_layer_is_checked_but_not_loaded() -> None:
    with pytest.raises(packs.PackError, match="a ground layer is no town's pack by itself"):
        packs.load(PACKS / "cz-town")
