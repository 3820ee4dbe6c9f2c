"""Layers over each other: nothing is copied, everything can be said otherwise."""

import packs

from .workshop import Workshop

HEADER = "slug: mestys\nname: Městys\nversion: '1.1'\nextends: lipovany\n"


def layered(workshop: Workshop, **files: str) -> packs.Pack:
    """A pack on top of lipovany with these files (`rules__matter` is rules/matter.yaml)."""
    workshop.append("mestys/pack.yaml", HEADER)
    for name, text in files.items():
        (workshop.folder / "mestys" / "rules").mkdir(exist_ok=True)
        (workshop.folder / "mestys" / "categories").mkdir(exist_ok=True)
        (workshop.folder / "mestys" / "texts").mkdir(exist_ok=True)
        workshop.append(f"mestys/{name.replace('__', '/')}.yaml", text)
    return packs.load(workshop.folder / "mestys")


def test_a_layer_changes_one_field_of_a_category_and_keeps_the_rest(workshop: Workshop) -> None:
    below = packs.load(workshop.pack).category("pothole")
    text = "area: roads\ncategories:\n  - slug: pothole\n    deadline:\n      value: 7\n"
    above = layered(workshop, categories__roads=text).category("pothole")
    assert above.deadline.value == 7
    assert above.deadline.law == below.deadline.law
    assert above.model_copy(update={"deadline": below.deadline}) == below


def test_a_layer_replaces_a_list_of_plain_values(workshop: Workshop) -> None:
    text = "categories:\n  - slug: pothole\n    questions: [Kde?]\n"
    assert layered(workshop, categories__roads=text).category("pothole").questions == ["Kde?"]


def test_a_layer_adds_a_category(workshop: Workshop) -> None:
    text = """
area: roads
categories:
  - slug: cycle-path
    name: Cyklostezky
    name_en: Cycle paths
    kind: fault
    priority: p3
    confidentiality: open
    role: technicke-sluzby
    deadline: {value: 5, unit: working_days}
    questions: []
    stems: [cyklostez]
    examples: [na cyklostezce chybí cedule]
"""
    pack = layered(workshop, categories__roads=text)
    assert pack.category("cycle-path").area == "roads"
    assert len(pack.categories) == 71


def test_a_new_rule_of_a_layer_comes_before_those_below(workshop: Workshop) -> None:
    text = "matter:\n  - slug: cycles\n    why: Zkouška.\n    when: {any_of: [cyklo]}\n    then: {category: pothole}\n"
    pack = layered(workshop, rules__matter=text)
    assert pack.rules.matter[0].slug == "cycles"
    assert pack.rules.matter[1].slug == "machine-reply"


def test_a_rule_of_the_same_slug_is_replaced_where_it_stands(workshop: Workshop) -> None:
    text = "matter:\n  - slug: gas\n    why: Jinak.\n"
    rules = layered(workshop, rules__matter=text).rules.matter
    assert [rule.slug for rule in rules][:2] == ["machine-reply", "gas"]
    assert rules[1].why == "Jinak."


def test_a_layer_changes_a_subject_and_keeps_the_body(workshop: Workshop) -> None:
    below = packs.load(workshop.pack).texts["acknowledgement"]
    text = "texts:\n  acknowledgement:\n    cs:\n      subject: Máme to, {{ number }}\n"
    above = layered(workshop, texts__ours=text).texts["acknowledgement"]
    assert above.cs.subject == "Máme to, {{ number }}"
    assert (above.cs.body, above.en) == (below.cs.body, below.en)


def test_a_pack_says_of_which_layers_it_is_made(workshop: Workshop) -> None:
    pack = layered(workshop)
    assert [(layer.slug, layer.version) for layer in pack.layers] == [
        ("cz-town", "1.0"),
        ("lipovany", "1.0"),
        ("mestys", "1.1"),
    ]
    assert pack.label == "mestys-1.1"


def test_a_fault_of_a_lower_layer_is_told_there(workshop: Workshop) -> None:
    workshop.append("mestys/pack.yaml", HEADER)
    workshop.replace("lipovany/teams.yaml", "roles: [podatelna]", "roles: [podatelny]")
    findings = packs.check(workshop.folder / "mestys")
    assert {finding.file for finding in findings} >= {"lipovany/teams.yaml"}
