"""The tree of parts: right for good messages, bounded for bad ones."""

import email
import email.policy
import time
import zlib
from email.message import Message

from hypothesis import given, settings
from hypothesis import strategies as st

from intake_email.message import structure
from intake_email.message.structure import Entity

from .builders import file, joined, message, multipart, part, photo


def _leaves(entity: Entity) -> list[tuple[str, bytes]]:
    if entity.children:
        return [leaf for child in entity.children for leaf in _leaves(child)]
    return [(entity.media_type, entity.body())]


def _standard_leaves(parsed: Message) -> list[tuple[str, bytes]]:
    if parsed.is_multipart() and parsed.get_content_maintype() == "multipart":
        return [leaf for child in parsed.get_payload() for leaf in _standard_leaves(child)]  # type: ignore[arg-type]
    content = parsed.get_payload(decode=True)
    return [(parsed.get_content_type(), content if isinstance(content, bytes) else b"")]


_bodies = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=60).map(
    lambda text: part(text.replace("-", "+"))
)
_files = st.binary(max_size=80).map(lambda content: file(content, "application/octet-stream", "a.bin"))


def _nest(parts: list[bytes]) -> bytes:
    boundary = f"b{zlib.crc32(b''.join(parts))}x"
    return part(joined(parts, boundary), f'multipart/mixed; boundary="{boundary}"')


_trees = st.recursive(
    st.one_of(_bodies, _files),
    lambda children: st.lists(children, min_size=1, max_size=4).map(_nest),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.lists(_trees, min_size=1, max_size=4))
def test_well_formed_messages_are_read_as_the_standard_library_reads_them(parts: list[bytes]) -> None:
    raw = multipart(parts, boundary="outermost")
    standard = email.message_from_bytes(raw, policy=email.policy.compat32)
    assert _leaves(structure.read(raw)) == _standard_leaves(standard)


def test_line_ends_of_one_byte_do_as_well() -> None:
    raw = multipart([part("prvni"), part("druha")])
    assert [body for _, body in _leaves(structure.read(raw.replace(b"\r\n", b"\n")))] == [b"prvni", b"druha"]


def test_a_boundary_that_begins_another_boundary_is_not_mistaken_for_it() -> None:
    inner = part(joined([part("uvnitr")], "ab"), 'multipart/mixed; boundary="ab"')
    raw = message(joined([inner, part("vne")], "a"), Content_Type='multipart/mixed; boundary="a"')
    assert [body for _, body in _leaves(structure.read(raw))] == [b"uvnitr", b"vne"]


def test_an_inner_multipart_that_is_never_closed_ends_with_the_outer_one() -> None:
    inner = part(b"--vnitrni\r\n" + part("uvnitr"), 'multipart/mixed; boundary="vnitrni"')
    root = structure.read(multipart([inner, part("vne")]))
    assert [body for _, body in _leaves(root)] == [b"uvnitr", b"vne"]
    assert "no-closing-boundary" in root.children[0].defects


def test_a_message_cut_on_its_way_keeps_what_came() -> None:
    raw = multipart([part("prvni"), file(photo(), "image/jpeg", "vymol.jpg")])[:-400]
    root = structure.read(raw)
    assert root.defects == ["no-closing-boundary"]
    assert root.children[1].body().startswith(b"\xff\xd8\xff")


def test_a_multipart_without_its_boundary_is_read_by_the_first_delimiter() -> None:
    raw = message(joined([part("prvni"), part("druha")], "xyz"), Content_Type="multipart/mixed")
    root = structure.read(raw)
    assert root.defects == ["no-boundary"]
    assert [body for _, body in _leaves(root)] == [b"prvni", b"druha"]


def test_a_multipart_without_parts_is_text() -> None:
    root = structure.read(message("Jen text.", Content_Type='multipart/mixed; boundary="x"'))
    assert root.defects == ["no-parts"]
    assert _leaves(root) == [("text/plain", b"Jen text.")]


def test_base64_in_pieces_and_with_dirt_is_decoded_as_far_as_it_goes() -> None:
    pieces = structure.read(message(b"YQ==\r\nYg==\r\n", Content_Transfer_Encoding="base64"))
    assert pieces.body() == b"ab"
    dirty = structure.read(message(b"QWh*!vag==\r\n\x00", Content_Transfer_Encoding="base64"))
    assert dirty.body() == b"Ahoj"
    assert "broken-base64" in dirty.defects
    cut = structure.read(message(b"QWhvaiBzdmV0Z", Content_Transfer_Encoding="base64"))
    assert cut.body() == b"Ahoj svet"
    assert "broken-base64" in cut.defects


def test_broken_quoted_printable_keeps_what_it_cannot_decode() -> None:
    entity = structure.read(message(b"v=FDmol =ZZ konec=\r\n tady", Content_Transfer_Encoding="Quoted-Printable"))
    assert entity.body() == b"v\xfdmol =ZZ konec tady"
    assert entity.defects == ["broken-quoted-printable"]


def test_uuencode_and_unknown_encodings_are_left_as_they_are() -> None:
    uu = b"begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"
    assert structure.read(message(uu, Content_Transfer_Encoding="x-uuencode")).body() == uu
    odd = structure.read(message(b"abc", Content_Transfer_Encoding="x-odd"))
    assert odd.body() == b"abc"
    assert odd.defects == ["unknown-transfer-encoding"]


def test_a_thousand_levels_end_at_the_bound() -> None:
    raw = part("dno")
    for level in range(1_000):
        raw = part(joined([raw], f"b{level}"), f'multipart/mixed; boundary="b{level}"')
    began = time.process_time()
    root = structure.read(raw)
    depth, entity = 0, root
    while entity.children:
        depth, entity = depth + 1, entity.children[0]
    assert depth == structure.MAXIMUM_DEPTH
    assert "nested-too-deep" in entity.defects
    assert time.process_time() - began < 1


def test_ten_thousand_parts_are_counted_not_read() -> None:
    root = structure.read(multipart([part("x")] * 10_000))
    assert len(root.children) < structure.MAXIMUM_ENTITIES
    assert len(root.children) + root.left_out == 10_000


def test_a_million_delimiters_do_not_take_long() -> None:
    raw = message(b"--b\r\n" * 1_000_000, Content_Type='multipart/mixed; boundary="b"')
    began = time.process_time()
    root = structure.read(raw)
    assert root.left_out > 900_000
    assert time.process_time() - began < 3


@given(st.binary(max_size=500))
def test_any_bytes_give_a_tree(raw: bytes) -> None:
    prefix = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    for content in (raw, prefix + raw, prefix + raw.replace(b"\x00", b"\r\n--b\r\n")):
        _leaves(structure.read(content))
