"""Which files a layer may have, and what stands in each. The committed JSON Schemas are made from this table."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from packs.base import Line, ReasonCode, Slug, Version
from packs.gazetteer import Gazetteer, Outline, StreetAddresses
from packs.office import Body, BodyType, Calendar, Role, Team, Town
from packs.pack import Defaults
from packs.rules import CompetenceRule, KindRule, MatterRule, UrgencyRule
from packs.situations import Area, BoundaryRule, Category, KindOfMessage, PriorityLevel, StateOfTicket
from packs.texts import Text


@dataclass(frozen=True)
class FileShape:
    """One file, or the files of one folder: its keys and their types."""

    pattern: str
    purpose: str
    keys: dict[str, Any]
    within: str | None = None
    """Where its keys belong in the resolved pack; none: at the top."""

    @property
    def schema_name(self) -> str:
        """File name of its JSON Schema."""
        return self.pattern.replace("/*.yaml", "").replace(".yaml", "").replace("/", "-") + ".schema.json"


HEADER = FileShape(
    "pack.yaml",
    "What the layer is called and what it lies on.",
    {"slug": Slug, "name": Line, "version": Version, "ground": bool, "extends": Slug, "defaults": Defaults},
)
FILES = (
    HEADER,
    FileShape("areas.yaml", "The areas, in the order in which people see them.", {"areas": list[Area]}),
    FileShape(
        "categories/*.yaml",
        "The categories of one area.",
        {"area": Slug, "categories": list[Category]},
    ),
    FileShape("kinds.yaml", "The kinds of messages.", {"kinds": list[KindOfMessage]}),
    FileShape("priorities.yaml", "The priorities.", {"priorities": list[PriorityLevel]}),
    FileShape("roles.yaml", "The jobs in a town office.", {"roles": list[Role]}),
    FileShape("teams.yaml", "Who works for the town.", {"teams": list[Team]}),
    FileShape("body-types.yaml", "The sorts of bodies outside the town.", {"body_types": list[BodyType]}),
    FileShape("bodies.yaml", "The bodies outside the town.", {"bodies": list[Body]}),
    FileShape("states.yaml", "What states are called and what is said of them.", {"states": list[StateOfTicket]}),
    FileShape("rules/matter.yaml", "What decides the category.", {"matter": list[MatterRule]}, "rules"),
    FileShape("rules/kind.yaml", "What decides the kind.", {"kind": list[KindRule]}, "rules"),
    FileShape("rules/urgency.yaml", "What decides whether hours matter.", {"urgency": list[UrgencyRule]}, "rules"),
    FileShape("rules/competence.yaml", "What decides whose it is.", {"competence": list[CompetenceRule]}, "rules"),
    FileShape(
        "boundary-rules.yaml",
        "How people tell neighbouring categories apart.",
        {"boundary_rules": list[BoundaryRule]},
    ),
    FileShape("reasons.yaml", "What the router's reasons say to a clerk.", {"reasons": dict[ReasonCode, Line]}),
    FileShape("texts/*.yaml", "The texts that go out.", {"texts": dict[str, Text]}),
    FileShape("town.yaml", "The town.", {"town": Town}),
    FileShape("calendar.yaml", "How the office counts time.", {"calendar": Calendar}),
    FileShape("gazetteer.yaml", "Where things are and whose they are.", {"gazetteer": Gazetteer}),
    FileShape("addresses.yaml", "Every house and where it stands; imported.", {"addresses": list[StreetAddresses]}),
    FileShape(
        "outlines.yaml", "Where the town, its parts and its neighbours end; imported.", {"outlines": list[Outline]}
    ),
)


def shape_of(name: str) -> FileShape | None:
    """The shape of a file by its name within the layer; None: no such file belongs there."""
    return next((shape for shape in FILES if fnmatchcase(name, shape.pattern)), None)


def file_with(key: str) -> str:
    """The file in which a key of the resolved pack stands."""
    return next((shape.pattern for shape in FILES if key in shape.keys or key == shape.within), HEADER.pattern)
