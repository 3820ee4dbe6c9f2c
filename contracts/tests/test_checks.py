"""`python -m contracts check`: the tree is whole, and a seeded break of each kind is found with file, fault and remedy."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import Field

from contracts.__main__ import FOLDER, main
from contracts.checks import Finding, check
from contracts.envelope import Event, EventData, new_event
from contracts.generate import Contract, Published, defined_events, whole_contract, write
from contracts.registry import PARTITIONS, TOPICS, Topic
from contracts.types import Code, Confidentiality, Model

EXAMPLE = "examples/lamp.reported/broken.1.0.json"
SCHEMA = "schemas/lamp.reported/1.0.json"


class LampReported(EventData):
    """A lamp does not shine."""

    event_type: ClassVar[str] = "lamp.reported"
    pole: Code = "pole-1"
    colour: Annotated[str, Field(pattern="^[a-z]{1,9}$")] | None = None
    height: Annotated[int, Field(ge=1, le=30)]


class LampPersonal(Model):
    """What was said of a lamp."""

    text: str = ""


def contract_of(model: type[EventData] = LampReported, height: int = 6, **topic: Any) -> Contract:
    """A contract of one event on one topic with one sample."""

    def sample() -> Event[Any]:
        return new_event(
            model.model_validate({"height": height, "lamp": "lamp-1"}),
            id=UUID(int=1),
            source="/lamps",
            time=datetime(2026, 12, 1, tzinfo=UTC),
            subject=UUID(int=2),
            municipality="lipovany",
            confidentiality=Confidentiality.OPEN,
        )

    fields: dict[str, Any] = {
        "name": "lamps",
        "key": "the pole",
        "events": (model,),
        "writers": ("lamps",),
        "readers": ("tickets",),
        "ordered": True,
    }
    return Contract((Topic(**{**fields, **topic}),), (model,), {"lamp.reported": {"broken": sample}})


def changed(version: str = "1.0", **annotations: Any) -> type[EventData]:
    """The lamp's model with other or more fields; a field given as a pair has a default."""
    pairs = {name: kind if isinstance(kind, tuple) else (kind,) for name, kind in annotations.items()}
    names: dict[str, Any] = {"__annotations__": {name: kind for name, (kind, *_) in pairs.items()}}
    defaults = {name: default for name, (_, *rest) in pairs.items() for default in rest}
    names |= {"__module__": __name__, "version": version, "event_type": "lamp.reported", **defaults}
    return type("LampReported", (LampReported,), names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which version 1.0 of the lamp is published."""
    write(tmp_path, contract_of())
    assert check(tmp_path, contract_of()) == []
    return tmp_path


def only(findings: list[Finding], file: str) -> Finding:
    """The one finding on a file; every finding says what to do."""
    assert all(finding.what and finding.remedy for finding in findings)
    (found,) = (finding for finding in findings if finding.file == file)
    return found


def test_the_committed_contract_is_whole() -> None:
    assert [str(finding) for finding in check(FOLDER, whole_contract())] == []


def test_generating_again_changes_nothing(folder: Path) -> None:
    assert write(folder, contract_of()) == []


def test_generating_writes_schema_example_document_and_digest(tmp_path: Path) -> None:
    assert write(tmp_path, contract_of()) == ["asyncapi.json", EXAMPLE, SCHEMA, "schemas/published.json"]
    schema = json.loads((tmp_path / SCHEMA).read_bytes())
    assert schema["properties"]["type"]["const"] == "lamp.reported"
    assert schema["properties"]["dataschema"]["const"] == "urn:helpdesk:lamp.reported:1.0"


def test_a_line_of_a_file_has_its_schema_and_no_other_is_left_over(tmp_path: Path) -> None:
    contract = dataclasses.replace(contract_of(), formats={"lamp.line": LampPersonal})
    assert only(check(tmp_path, contract), "formats/lamp.line.json").what == "missing or stale"
    write(tmp_path, contract)
    assert check(tmp_path, contract) == []
    (tmp_path / "formats/lamp.line.json").write_text("{}")
    (tmp_path / "formats/old.json").write_text("{}")
    findings = check(tmp_path, contract)
    assert only(findings, "formats/lamp.line.json").what == "missing or stale"
    assert only(findings, "formats/old.json").what == "belongs to no format"


def test_a_changed_published_schema_is_found_whatever_changed(folder: Path) -> None:
    content = (folder / SCHEMA).read_bytes()
    for changed_content in (content + b"\n", content.replace(b'"maximum": 30', b'"maximum": 40'), b""):
        (folder / SCHEMA).write_bytes(changed_content)
        write(folder, contract_of())
        findings = [finding for finding in check_text(folder) if "a published schema was changed" in finding]
        assert findings == [
            f"{SCHEMA}: a published schema was changed — restore the file from the history; a change is a new version"
        ]


def check_text(folder: Path) -> list[str]:
    """The findings as people read them, also where a file is no JSON at all."""
    return [str(finding) for finding in check(folder, contract_of())]


def test_a_lost_published_schema_is_found(folder: Path) -> None:
    (folder / SCHEMA).unlink()
    assert only(check(folder, contract_of()), SCHEMA).what == "a published schema is gone"
    write(folder, contract_of())
    assert not (folder / SCHEMA).exists()


def test_a_schema_that_was_never_published_is_found(folder: Path) -> None:
    (folder / "schemas/lamp.reported/1.1.json").write_bytes((folder / SCHEMA).read_bytes())
    assert "not in schemas/published.json" in only(check(folder, contract_of()), "schemas/lamp.reported/1.1.json").what


BREAKS: dict[str, tuple[type[EventData], str]] = {
    "a new required field": (changed(lamp=Code), "data.lamp: required"),
    "another type": (changed(pole=(int, 1)), "data.pole: type narrowed"),
    "a narrowed bound": (changed(height=Annotated[int, Field(ge=1, le=20)]), "data.height: maximum narrowed"),
    "a narrowed pattern": (
        changed(colour=(Annotated[str, Field(pattern="^[a-z]{1,8}$")] | None, None)),
        "data.colour: pattern changed",
    ),
    "no longer null": (changed(colour=(Code, "white")), "data.colour: pattern changed"),
    "no longer required": (changed(height=(int, 6)), "data.height: required (old readers)"),
    "another default": (changed(pole=(Code, "pole-2")), "data.pole: default changed"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_breaking_change_under_the_same_version_asks_for_a_major_one(folder: Path, kind: str) -> None:
    model, fault = BREAKS[kind]
    before = (folder / SCHEMA).read_bytes()
    write(folder, contract_of(model))
    finding = only(check(folder, contract_of(model)), SCHEMA)
    assert fault in finding.what
    assert finding.remedy.startswith('set the model\'s version to "2.0"')
    assert (folder / SCHEMA).read_bytes() == before


def test_an_additive_change_under_the_same_version_asks_for_a_minor_one(folder: Path) -> None:
    model = changed(lamp=(Code | None, None))
    write(folder, contract_of(model))
    finding = only(check(folder, contract_of(model)), SCHEMA)
    assert "(compatible)" in finding.what
    assert finding.remedy.startswith('set the model\'s version to "1.1"')


def test_better_words_need_no_version(folder: Path) -> None:
    model = changed(height=Annotated[int, Field(ge=1, le=30, description="Metres above the ground.")])
    before = (folder / SCHEMA).read_bytes()
    write(folder, contract_of(model))
    assert check(folder, contract_of(model)) == []
    assert (folder / SCHEMA).read_bytes() == before
    assert b"Metres above the ground." in (folder / "asyncapi.json").read_bytes()


def test_a_compatible_minor_version_passes_and_the_old_one_stays(folder: Path) -> None:
    before = (folder / SCHEMA).read_bytes(), (folder / EXAMPLE).read_bytes()
    model = changed("1.1", lamp=(Code | None, None))
    written = write(folder, contract_of(model))
    assert "schemas/lamp.reported/1.1.json" in written
    assert check(folder, contract_of(model)) == []
    assert ((folder / SCHEMA).read_bytes(), (folder / EXAMPLE).read_bytes()) == before
    assert sorted(Published.read(folder).schemas) == ["lamp.reported/1.0.json", "lamp.reported/1.1.json"]


@pytest.mark.parametrize("kind", BREAKS)
def test_a_breaking_minor_version_is_found(folder: Path, kind: str) -> None:
    broken, fault = BREAKS[kind]
    model = type("LampReported", (broken,), {"__module__": __name__, "version": "1.1"})
    write(folder, contract_of(model))
    finding = only(check(folder, contract_of(model)), "schemas/lamp.reported/1.1.json")
    assert fault in finding.what
    assert finding.remedy == 'it has to be version "2.0"'


def test_a_breaking_minor_version_is_found_over_the_minor_version_between(folder: Path) -> None:
    write(folder, contract_of(changed("1.1", extra=(Code | None, None))))
    again = changed("1.2", extra=(int | None, None))
    write(folder, contract_of(again))
    finding = only(check(folder, contract_of(again)), "schemas/lamp.reported/1.2.json")
    assert "not compatible with lamp.reported/1.1.json: data.extra" in finding.what


def test_a_major_version_may_break(folder: Path) -> None:
    model = changed("2.0", height=Annotated[int, Field(ge=1, le=9)])
    write(folder, contract_of(model))
    assert check(folder, contract_of(model)) == []


def test_a_version_that_goes_back_is_found(folder: Path) -> None:
    write(folder, contract_of(changed("1.1", lamp=(Code | None, None))))
    assert "names version 1.0, but a newer one is published" in only(check(folder, contract_of()), SCHEMA).what


def test_a_version_that_nobody_published_is_found(folder: Path) -> None:
    findings = check(folder, contract_of(changed("1.1")))
    assert only(findings, "schemas/lamp.reported/1.1.json").what == "version 1.1 of lamp.reported is not published"


def test_an_old_example_that_todays_model_does_not_read_is_found(folder: Path) -> None:
    class Stricter(LampReported):
        """Refuses what its schema does not tell."""

        version: ClassVar[str] = "1.1"

        def model_post_init(self, context: object) -> None:
            if self.height == 6:
                raise ValueError("six")

    write(folder, contract_of(Stricter, height=7))
    finding = only(check(folder, contract_of(Stricter, height=7)), EXAMPLE)
    assert finding.what == "today's models do not read it: lamp.reported: data (value_error)"


Edit = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda event: event["data"].update(height=99), "does not fit its schema at $.data.height: maximum"),
        (lambda event: event["data"].pop("height"), "does not fit its schema at $.data: required"),
        (lambda event: event.update(type="lamp.broken"), "does not fit its schema at $.type: const"),
        (lambda event: event.update(time="yesterday"), "today's models do not read it: lamp.reported: time"),
    ],
)
def test_an_example_that_is_not_valid_is_found(folder: Path, edit: Edit, what: str) -> None:
    event = json.loads((folder / EXAMPLE).read_bytes())
    edit(event)
    (folder / "examples/lamp.reported/other.1.0.json").write_text(json.dumps(event))
    assert only(check(folder, contract_of()), "examples/lamp.reported/other.1.0.json").what.startswith(what)


def test_a_missing_and_a_stale_example_are_found(folder: Path) -> None:
    (folder / EXAMPLE).write_bytes((folder / EXAMPLE).read_bytes().replace(b"6", b"7"))
    assert "missing or stale" in [finding.what for finding in check(folder, contract_of()) if finding.file == EXAMPLE]
    (folder / EXAMPLE).unlink()
    assert only(check(folder, contract_of()), EXAMPLE).what == "missing or stale"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("other.1.0.json", "no sample builds it"),
        ("broken.1.7.json", "version 1.7 of lamp.reported is not published"),
        ("notes.txt", "not named like an example, case.major.minor.json"),
    ],
)
def test_an_example_that_nobody_builds_is_found(folder: Path, name: str, what: str) -> None:
    (folder / "examples/lamp.reported" / name).write_bytes((folder / EXAMPLE).read_bytes())
    assert only(check(folder, contract_of()), f"examples/lamp.reported/{name}").what == what


def test_an_example_that_is_not_json_is_found(folder: Path) -> None:
    (folder / "examples/lamp.reported/other.1.0.json").write_text("{")
    assert only(check(folder, contract_of()), "examples/lamp.reported/other.1.0.json").what == "not JSON"


def test_an_event_without_sample_and_a_sample_without_event_are_found(folder: Path) -> None:
    without = dataclasses.replace(contract_of(), samples={})
    assert only(check(folder, without), "samples.py").what == "lamp.reported has no sample"
    cases = contract_of().samples["lamp.reported"]
    more = dataclasses.replace(contract_of(), samples={"lamp.reported": cases, "lamp.lost": cases})
    assert only(check(folder, more), "samples.py").what == "lamp.lost is no event"


@pytest.mark.parametrize("kind", ["schemas", "examples"])
def test_a_folder_of_no_event_is_found(folder: Path, kind: str) -> None:
    (folder / kind / "lamp.forgotten").mkdir()
    assert only(check(folder, contract_of()), f"{kind}/lamp.forgotten").what == "belongs to no event"


@pytest.mark.parametrize("events", [(), (LampReported, LampReported)])
def test_an_event_in_no_topic_or_in_two_is_found(folder: Path, events: tuple[type[EventData], ...]) -> None:
    findings = check(folder, contract_of(events=events))
    assert f"lamp.reported stands in {len(events)} topics" in [
        finding.what for finding in findings if finding.file == "registry.py"
    ]


@pytest.mark.parametrize("missing", ["events", "writers", "readers"])
def test_a_topic_without_event_writer_or_reader_is_found(folder: Path, missing: str) -> None:
    nothing: dict[str, Any] = {missing: ()}
    findings = check(folder, contract_of(**nothing))
    assert "lamps has no event, no writer or no reader" in [finding.what for finding in findings]


def test_a_topic_that_is_only_followed_is_read(folder: Path) -> None:
    contract = contract_of(readers=(), followers=("router",))
    write(folder, contract)
    assert check(folder, contract) == []


def test_two_topics_of_one_name_are_found(folder: Path) -> None:
    contract = contract_of()
    twice = dataclasses.replace(contract, topics=contract.topics * 2)
    assert "two topics are called lamps" in [finding.what for finding in check(folder, twice)]


def test_another_partition_count_is_found(folder: Path) -> None:
    findings = [finding.what for finding in check(folder, contract_of(partitions=6))]
    assert "lamps has 6 partitions, and so have its dead letters" in findings
    assert f"lamps had {PARTITIONS} partitions when it was published" in findings


def test_a_partition_count_that_changed_with_its_constant_is_found(folder: Path) -> None:
    published = json.loads((folder / "schemas/published.json").read_bytes())
    published["partitions"]["lamps"] = 6
    (folder / "schemas/published.json").write_text(json.dumps(published))
    assert only(check(folder, contract_of()), "registry.py").what == "lamps had 6 partitions when it was published"
    write(folder, contract_of())
    assert Published.read(folder).partitions == {"lamps": 6}


def test_a_new_and_a_retired_topic_are_found(folder: Path) -> None:
    findings = [finding.what for finding in check(folder, contract_of(name="lights"))]
    assert "topic lights is not published" in findings
    assert "lamps is no topic of the registry" in findings


def test_a_stale_and_a_missing_document_are_found(folder: Path) -> None:
    findings = check(folder, contract_of(key="the street"))
    assert only(findings, "asyncapi.json").what == "missing or stale"
    (folder / "asyncapi.json").unlink()
    assert only(check(folder, contract_of()), "asyncapi.json").what == "missing or stale"


def test_free_text_outside_the_personal_part_is_found(folder: Path) -> None:
    open_text, map_of_text = changed(note=(str, "")), changed(notes=(dict[str, str], {}))
    for model, place in ((open_text, "data.note: free text"), (map_of_text, "data.notes: free keys")):
        assert f"outside data.personal, {place}" in [finding.what for finding in check(folder, contract_of(model))]
    kept = changed("1.1", personal=(LampPersonal, LampPersonal()))
    write(folder, contract_of(kept))
    assert check(folder, contract_of(kept)) == []


def test_every_event_class_of_the_contracts_is_checked_even_one_that_no_topic_carries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    carried = {event for topic in TOPICS for event in topic.events}
    assert carried <= set(defined_events())
    monkeypatch.setattr("contracts.rulesets.LampReported", LampReported, raising=False)
    assert set(defined_events()) == carried | {LampReported}


def test_the_command_tells_findings_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--folder", str(tmp_path)]) == 1
    assert "python -m contracts generate" in capsys.readouterr().err
    assert main(["generate", "--folder", str(tmp_path)]) == 0
    assert "written: asyncapi.json" in capsys.readouterr().out
    assert main(["check", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "")
