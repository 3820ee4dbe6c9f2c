"""What the packs of the tree hold, and how services use them."""

from functools import cache

import orjson
import pytest

import packs
from contracts.tickets import TicketState
from contracts.types import Confidentiality, Kind, Priority
from packs.__main__ import main
from packs.schemas import schemas

from .workshop import PACKS, Workshop


@cache
def lipovany() -> packs.Pack:
    return packs.load(PACKS / "lipovany")


def test_the_life_situations_of_a_czech_town_are_all_there() -> None:
    pack = lipovany()
    counted = (len(pack.areas), len(pack.categories), len(pack.roles), len(pack.body_types), len(pack.boundary_rules))
    assert counted == (18, 70, 14, 28, 15)
    assert {kind.slug for kind in pack.kinds} == set(Kind)
    assert {level.slug for level in pack.priorities} == set(Priority)
    assert {state.slug for state in pack.states} == set(TicketState)


def test_every_category_can_be_recognised_promised_and_answered() -> None:
    for category in lipovany().categories:
        assert category.examples, category.slug
        assert category.stems, category.slug
        assert category.answer or category.kind == Kind.SPAM, category.slug
        assert category.questions or category.kind == Kind.SPAM, category.slug
        assert category.role in lipovany().resolver_for(category).roles


def test_answers_claim_nothing_that_has_not_happened() -> None:
    # When the acknowledgement is written nothing was handed over, sent or attached yet.
    for category in lipovany().categories:
        for claim in ("předáno", "předali jsme", "přikládáme", "posíláme", "vyrozuměli jsme", "odkaz"):
            assert claim not in (category.answer or "").lower(), category.slug


def test_confidential_matters_are_marked() -> None:
    by_level = {
        level: {c.slug for c in lipovany().categories if c.confidentiality == level} for level in Confidentiality
    }
    assert by_level[Confidentiality.SEALED] == {"whistleblowing"}
    assert by_level[Confidentiality.RESTRICTED] >= {"official-complaint", "social-care", "crime-tip"}


def test_every_address_of_the_invented_town_is_invented() -> None:
    pack = lipovany()
    addresses = [team.email for team in pack.teams] + [body.email for body in pack.bodies if body.email]
    assert all(address.endswith(".test") for address in addresses)
    assert len(addresses) == len(set(addresses))
    assert pack.town.email not in addresses, "a task to the town's own address would come back as a report"


def test_a_bundle_gives_the_same_pack_and_the_same_bytes() -> None:
    content = packs.bundle(lipovany())
    again = packs.unbundle(content)
    assert again == lipovany()
    assert packs.bundle(again) == content
    assert packs.digest(packs.bundle(again)) == packs.digest(content)


def test_a_bundle_is_canonical() -> None:
    content = packs.bundle(lipovany())
    assert content == orjson.dumps(orjson.loads(content), option=orjson.OPT_SORT_KEYS)


def test_loading_twice_gives_the_same_hash(workshop: Workshop) -> None:
    assert packs.digest(packs.bundle(packs.load(workshop.pack))) == packs.digest(packs.bundle(lipovany()))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"slug": "x"}'])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(packs.PackError, match="not a bundle"):
        packs.unbundle(content)


def test_a_body_of_a_type_is_found_only_where_it_is_the_only_one() -> None:
    pack = lipovany()
    body = pack.body_of_type("vodarny")
    assert body is not None
    assert body.slug == "vodarny"
    assert pack.body_of_type("sousedni-obec") is None, "which neighbour, the place has to say"


def test_the_dispatcher_and_the_resolvers_are_teams_of_the_town() -> None:
    pack = lipovany()
    assert pack.dispatcher.slug == "dispecink"
    assert pack.resolver_for(pack.category("pothole")).email == "technicke-sluzby@lipovany.test"


def test_an_unknown_slug_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        lipovany().category("no-such")


def test_the_command_says_fine_or_one_line_per_finding(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(workshop.pack)]) == 0
    workshop.replace("lipovany/teams.yaml", "roles: [podatelna]", "roles: [podatelny]")
    capsys.readouterr()
    assert main(["check", str(workshop.pack)]) == 1
    said = capsys.readouterr().out.splitlines()
    line = workshop.line("lipovany/teams.yaml", "podatelny")
    assert f"lipovany/teams.yaml:{line}: `podatelny` is not in roles — did you mean `podatelna`?" in said


def test_the_command_knows_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "no/such/folder"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_the_committed_schemas_are_those_of_the_models() -> None:
    assert main(["schema", "--check"]) == 0
    assert {path.name for path in (PACKS / "schema").iterdir()} == set(schemas())


def test_the_schemas_let_the_files_of_the_tree_pass_and_refuse_an_unknown_key() -> None:
    import jsonschema

    from packs.files import FILES
    from packs.located import read

    seen = 0
    for shape in FILES:
        validator = jsonschema.Draft202012Validator(orjson.loads(schemas()[shape.schema_name]))
        for pack in ("cz-town", "lipovany"):
            for path in sorted((PACKS / pack).glob(shape.pattern)):
                document = read(path.read_text(encoding="utf-8"), path.name)[0].plain
                assert not list(validator.iter_errors(document)), path
                assert list(validator.iter_errors({**document, "no-such-key": 1})), path
                seen += 1
    assert seen > 40
