"""Packs: what a town's helpdesk knows about its work, as data in layers.

Pure: reads files, connects to nothing. `load` and `check` take a folder; `bundle`, `unbundle` and `digest` are for services,
which get their pack as bytes; `render` fills in a text.
"""

from packs.bundle import bundle, digest, unbundle
from packs.check import check, load
from packs.findings import Finding, PackError
from packs.office import Body, Team, Town
from packs.pack import Pack
from packs.situations import Category
from packs.texts import TEXT_KEYS, Rendered, TextError, render

__all__ = [
    "TEXT_KEYS", "Body", "Category", "Finding", "Pack", "PackError", "Rendered", "Team", "TextError", "Town",
    "bundle", "check", "digest", "load", "render", "unbundle",
]  # fmt: skip
