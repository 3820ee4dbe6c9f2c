"""faust stands in its one safe form."""

import pytest

from .conftest import Plant
from .faust_forms import THE_ONE_PLACE, forms_faults
from .source import Module

SAFE = """
    import faust

    class Worker:
        def __init__(self):
            topic = self.app.topic("lamps", key_type=bytes, value_type=bytes, value_serializer="raw")
            self.agent = self.app.agent(topic, concurrency=1)(self.read)

        async def read(self, stream):
            async for event in stream.events():
                try:
                    await (await self.out.send(value=event.value))
                except CancelledError:
                    raise
                except BaseException:
                    os._exit(70)
    """


def test_faust_is_used_in_its_one_place_and_form(modules: list[Module]) -> None:
    assert forms_faults(modules) == []
    assert [module for module in modules if module.path == THE_ONE_PLACE and "faust" in {i.top for i in module.imports}]


def test_the_safe_form_is_not_found(plant: Plant) -> None:
    assert forms_faults(plant({THE_ONE_PLACE: SAFE})) == []


@pytest.mark.parametrize(
    ("safe", "unsafe", "fault"),
    [
        ("stream.events()", "stream.take(50, within=1)", "take() loses whole batches"),
        ("stream.events()", "stream.noack().events()", "noack() loses what it should keep"),
        ("stream.events()", "stream", "a stream is read other than by events()"),
        ("stream.events()", "stream.items()", "a stream is read other than by events()"),
        ("except BaseException:", "except ValueError:", "an agent that raises acknowledges the event"),
        ("os._exit(70)", "logger.exception('lost')", "an agent that raises acknowledges the event"),
        ("os._exit(70)", "raise", "an agent that raises acknowledges the event"),
        (
            "stream.events():\n",
            "stream.events():\n                prepare(event)\n",
            "an agent that raises acknowledges",
        ),
        ("concurrency=1", "concurrency=2", "concurrency above 1 loses what was in flight"),
        ("concurrency=1", "concurrency=settings.agents", "concurrency above 1 loses what was in flight"),
        ("await (await self.out.send(", "await (self.out.send(", "send() without the broker's confirmation"),
        ("await (await self.out.send(", "(self.out.send_soon(", "send_soon() without the broker's confirmation"),
        ("await (await self.out.send(", "await (self.other.cast(", "cast() without the broker's confirmation"),
        ("value_type=bytes", "value_type=Lamp", "a typed value is decoded outside the guarded part"),
        (', value_serializer="raw"', "", "a topic without value_serializer='raw' decodes outside the guarded part"),
        ('"raw"', '"json"', "a topic without value_serializer='raw' decodes outside the guarded part"),
        ("concurrency=1", "processing_guarantee='exactly_once'", "processing_guarantee is not provable here"),
    ],
)
def test_a_form_that_lost_messages_is_found(plant: Plant, safe: str, unsafe: str, fault: str) -> None:
    assert safe in SAFE
    found = forms_faults(plant({THE_ONE_PLACE: SAFE.replace(safe, unsafe)}))
    assert [line for line in found if line.partition(": ")[2].startswith(fault)]


@pytest.mark.parametrize("code", ["import faust", "from faust import App", "from faust.types import AppT"])
def test_faust_in_another_place_is_found(plant: Plant, code: str) -> None:
    found = forms_faults(plant({"services/lamps/lamps/worker.py": code}))
    assert found == [f"services/lamps/lamps/worker.py:1: faust is used in {THE_ONE_PLACE} only"]


def test_a_send_that_is_not_of_faust_is_not_found(plant: Plant) -> None:
    assert forms_faults(plant({"services/lamps/lamps/sender.py": "async def f(relay): await relay.send(1)"})) == []
