"""The state's files become parts of the town's pack, and what cannot be taken is told."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import packs
from router.places.importing import ImportRefused, addresses, outlines

from .builders import REPOSITORY, lipovany

PLACES = Path(__file__).parent / "places"
REGISTER = (PLACES / "20261031_OB_599999_ADR.csv").read_bytes()
BORDERS = (PLACES / "hranice.geojson").read_bytes()


def changed(old: str, new: str) -> bytes:
    text = REGISTER.decode("windows-1250")
    assert old in text
    return text.replace(old, new).encode("windows-1250")


def feature(name: str | None, geometry: Any) -> bytes:
    properties = {"nazev": name} if name is not None else {}
    document = {"type": "FeatureCollection", "features": [{"properties": properties, "geometry": geometry}]}
    return json.dumps(document).encode()


def ring(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [corners]}


def test_every_house_of_the_register_is_in_the_pack_of_the_tree() -> None:
    found, left_out = addresses(REGISTER, lipovany())
    assert found == lipovany().addresses
    assert sum(len(street.houses) for street in found) == 579
    assert left_out == ["line 581: without coordinates"]


def test_the_borders_of_the_file_are_those_in_the_pack_of_the_tree() -> None:
    assert outlines(BORDERS, lipovany()) == (lipovany().outlines, [])


def test_coordinates_are_turned_into_degrees_to_the_metre() -> None:
    # A real address of the register: Lysá 686/20a in Želechovice nad Dřevnicí stands at 49.21486 N, 17.73715 E.
    head, first, *_ = REGISTER.decode("windows-1250").splitlines()
    cells = first.split(";")
    cells[16:18] = ["516081.77", "1166800.80"]
    ((street,), _) = addresses("\r\n".join([head, ";".join(cells)]).encode("windows-1250"), lipovany())
    ((latitude, longitude),) = street.houses.values()
    assert (round(latitude, 5), round(longitude, 5)) == (49.21486, 17.73715)


@pytest.mark.parametrize(
    ("cells", "number"),
    [
        (("č.p.", "145", "12", "A"), "145/12a"),
        (("č.p.", "145", "12", ""), "145/12"),
        (("č.p.", "145", "", ""), "145"),
        (("č.ev.", "7", "", ""), "ev. 7"),
    ],
)
def test_a_number_is_written_as_on_the_house(cells: tuple[str, ...], number: str) -> None:
    head, first, *_ = REGISTER.decode("windows-1250").splitlines()
    row = first.split(";")
    row[11:15] = cells
    ((street,), _) = addresses("\r\n".join([head, ";".join(row)]).encode("windows-1250"), lipovany())
    assert list(street.houses) == [number]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column"),
        (b"a;b\r\n1;2\r\n", "no column"),
        (REGISTER.decode("windows-1250").encode("utf-16"), "no column"),
        (REGISTER.split(b"\r\n")[0], "no address"),
        (b"\r\n".join(REGISTER.split(b"\r\n")[:3])[:-60], "ends too early"),
        (b"\x81" + REGISTER, "windows-1250"),
    ],
    ids=["empty", "another file", "another encoding", "no rows", "cut off", "no windows-1250"],
)
def test_a_file_that_is_not_the_registers_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        addresses(content, lipovany())


def test_a_part_of_the_town_that_the_pack_does_not_know_is_told_as_it_has_to_be_written() -> None:
    with pytest.raises(ImportRefused, match="- slug: dolni-lhota\n      name: Dolní Lhota"):
        addresses(changed("Horní Lhota", "Dolní Lhota"), lipovany())


@pytest.mark.parametrize("coordinates", ["x;y", "1;1", "nan;nan", "inf;inf", "1e308;1e308"])
def test_a_house_in_an_odd_place_is_left_out_and_named(coordinates: str) -> None:
    head, first, *_ = REGISTER.decode("windows-1250").splitlines()
    cells = first.split(";")
    cells[16:18] = coordinates.split(";")
    found, left_out = addresses("\r\n".join([head, ";".join(cells)]).encode("windows-1250"), lipovany())
    assert (found, len(left_out)) == ([], 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "FeatureCollection"),
        (b'{"features": [1]}', "FeatureCollection"),
        (feature("Lipovany", {"type": "Point", "coordinates": [17, 49]}), "no Polygon"),
        (feature("Lipovany", None), "no Polygon"),
        (feature("Lipovany", {"type": "Polygon", "coordinates": [[["a", 1]]]}), "cannot be read"),
        (feature("Lipovany", {"type": "Polygon", "coordinates": 7}), "cannot be read"),
        (feature("Lipovany", ring((-516081.0, -1166800.0), (0.0, 0.0))), "WGS 84"),
        (feature("Lipovany", {"type": "Polygon", "coordinates": []}), "WGS 84"),
    ],
)
def test_boundaries_that_cannot_be_read_are_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        outlines(content, lipovany())


@pytest.mark.parametrize(("name", "said"), [(None, "has no name"), ("Atlantida", "Atlantida is neither")])
def test_a_boundary_of_nothing_that_we_know_is_left_out_and_named(name: str | None, said: str) -> None:
    found, left_out = outlines(feature(name, ring((17.0, 49.0), (17.1, 49.0), (17.1, 49.1))), lipovany())
    assert (found, len(left_out)) == ([], 1)
    assert said in left_out[0]


def test_the_command_writes_what_the_check_finds_fine(tmp_path: Path) -> None:
    for name in ("cz-town", "lipovany"):
        shutil.copytree(REPOSITORY / "packs" / name, tmp_path / name)
    for name in ("addresses.yaml", "outlines.yaml"):
        (tmp_path / "lipovany" / name).unlink()
    command = [sys.executable, "-m", "router", "gazetteer", "import"]
    for file in ("20261031_OB_599999_ADR.csv", "hranice.geojson"):
        subprocess.run([*command, str(PLACES / file), "--pack", str(tmp_path / "lipovany")], check=True)
    assert packs.check(tmp_path / "lipovany") == []
    assert packs.load(tmp_path / "lipovany").addresses == lipovany().addresses


def test_the_command_writes_nothing_where_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a;b\r\n")
    before = sorted((REPOSITORY / "packs/lipovany").iterdir())
    command = [sys.executable, "-m", "router", "gazetteer", "import", str(tmp_path / "x.csv")]
    done = subprocess.run(
        [*command, "--pack", str(REPOSITORY / "packs/lipovany")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no column" in done.stderr
    assert sorted((REPOSITORY / "packs/lipovany").iterdir()) == before
