"""Keys of the object store: one object's key is never a folder of another's, and all fit the contracts' pattern."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts import object_keys
from contracts.types import Code, ObjectKey

codes = st.from_regex(TypeAdapter(Code).json_schema()["pattern"], fullmatch=True).map(str.strip)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
days = st.dates(date(2020, 1, 1), date(2099, 12, 31))


@st.composite
def keys(draw: st.DrawFn) -> set[str]:
    """All keys of some reports and rulesets; towns and parts are named alike, to provoke a clash."""
    found = set()
    for _ in range(draw(st.integers(1, 3))):
        town = draw(st.sampled_from(["lipovany", "lipovany.raw", "raw", "originals"]) | codes)
        folder = object_keys.report_folder(
            town, draw(st.just(date(2026, 12, 1)) | days), draw(st.just(UUID(int=1)) | st.uuids())
        )
        part = draw(st.sampled_from(["raw", "text", "parts", "envelope.json"]) | codes)
        found |= {
            object_keys.raw_key(folder),
            object_keys.envelope_key(folder),
            object_keys.text_key(folder),
            object_keys.part_key(folder, part),
            object_keys.ruleset_key(town, draw(digests)),
        }
    return found


@given(keys())
def test_no_key_is_a_folder_of_another(found: set[str]) -> None:
    assert not [(key, other) for key in found for other in found if other.startswith(f"{key}/")]


@given(keys())
def test_every_key_is_one_that_events_may_carry(found: set[str]) -> None:
    adapter = TypeAdapter(ObjectKey)
    for key in found:
        assert adapter.validate_python(key) == key


def test_a_report_has_five_kinds_of_keys_under_its_folder() -> None:
    folder = object_keys.report_folder("lipovany", date(2026, 12, 1), UUID(int=1))
    assert folder == "originals/lipovany/2026-12-01/00000000-0000-0000-0000-000000000001"
    assert [
        object_keys.raw_key(folder).removeprefix(folder),
        object_keys.envelope_key(folder).removeprefix(folder),
        object_keys.text_key(folder).removeprefix(folder),
        object_keys.part_key(folder, "part-1").removeprefix(folder),
    ] == ["/raw", "/envelope.json", "/text", "/parts/part-1"]
    assert object_keys.ruleset_key("lipovany", "ab") == "rulesets/lipovany/ab.json"
