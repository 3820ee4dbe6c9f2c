"""Topic `rulesets` (compacted): which pack and model a municipality works with. The content lies in the object store."""

from typing import ClassVar

from contracts.envelope import EventData
from contracts.types import Code, ObjectKey, Sha256


class Ruleset(EventData):
    """Base: named by hash, so that what decided can always be found again."""

    digest: Sha256
    object_key: ObjectKey
    label: Code
    """The version as people call it."""


class RulesetPublished(Ruleset):
    """From now on this pack holds."""

    event_type: ClassVar[str] = "ruleset.published"


class ModelActivated(Ruleset):
    """From now on this model holds."""

    event_type: ClassVar[str] = "model.activated"
