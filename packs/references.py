"""Whether what a pack speaks of is there. Works on the document, so that it speaks even where a shape is wrong."""

from collections.abc import Iterator
from difflib import get_close_matches

from packs.findings import Finding
from packs.located import Located

# Where a slug stands, and in which list it has to be.
REFERENCES = (
    ("categories/*/area", "areas"),
    ("categories/*/role", "roles"),
    ("categories/*/body_type", "body_types"),
    ("teams/*/roles/*", "roles"),
    ("bodies/*/type", "body_types"),
    ("town/itself/*/body_type", "body_types"),
    ("town/itself/*/role", "roles"),
    ("rules/matter/*/then/category", "categories"),
    ("rules/*/*/when/categories/*", "categories"),
    ("rules/competence/*/then/body_type", "body_types"),
    ("rules/competence/*/then/role", "roles"),
    ("gazetteer/streets/*/district", "gazetteer/districts"),
    ("gazetteer/landmarks/*/district", "gazetteer/districts"),
    ("addresses/*/district", "gazetteer/districts"),
    ("gazetteer/neighbours/*/body", "bodies"),
    ("gazetteer/watercourses/*/body_type", "body_types"),
    ("gazetteer/roads/*/body_type", "body_types"),
    ("gazetteer/road_owners/*", "body_types"),
    ("gazetteer/railway", "body_types"),
    ("defaults/dispatcher", "roles"),
    ("defaults/unclear", "categories"),
    ("defaults/spam", "categories"),
    ("defaults/emergency", "categories"),
    ("defaults/accompanying/*", "categories"),
)
# Bodies of these types get cases without a person's doing.
USED_BODY_TYPES = (
    "categories/*/body_type",
    "rules/competence/*/then/body_type",
    "gazetteer/watercourses/*/body_type",
    "gazetteer/roads/*/body_type",
    "gazetteer/road_owners/*",
    "gazetteer/railway",
)
USED_ROLES = ("categories/*/role", "rules/competence/*/then/role", "town/itself/*/role", "defaults/dispatcher")


def unknown_slugs(document: Located) -> Iterator[Finding]:
    """Slugs that no list holds."""
    for pattern, target in REFERENCES:
        known = slugs(document, target)
        for place in found(document, pattern):
            if isinstance(place.content, str) and place.content not in known:
                near = get_close_matches(place.content, known, 1)
                remedy = f"did you mean `{near[0]}`?" if near else f"use one of {target} or add it there"
                yield place.finding(f"`{place.content}` is not in {target}", remedy)


def unknown_outlines(document: Located) -> Iterator[Finding]:
    """Outlines of what the pack does not have: each speaks of another list."""
    known: dict[str, set[object]] = {
        "town": {place.content for place in found(document, "town/slug")},
        "district": {place.content for place in found(document, "gazetteer/districts/*/slug")},
        "neighbour": {place.content for place in found(document, "gazetteer/neighbours/*/body")},
    }
    for outline in found(document, "outlines/*"):
        of, slug = (next(found(outline, key), outline) for key in ("of", "slug"))
        if str(of.plain) in known and slug.plain not in known[str(of.plain)]:
            yield slug.finding(f"`{slug.content}` is no {of.content} of this pack", "correct the slug, or add it there")


def nobody_solves(document: Located) -> Iterator[Finding]:
    """Roles that are needed and that no team of the town fills."""
    filled = {place.content for place in found(document, "teams/*/roles/*")}
    known = slugs(document, "roles")
    for pattern in USED_ROLES:
        for place in found(document, pattern):
            if place.content in known and place.content not in filled:
                yield place.finding(
                    f"nobody solves this: no team fills the role `{place.content}`", "give it to a team in teams.yaml"
                )


def confused_resolvers(document: Located) -> Iterator[Finding]:
    """Bodies under a team's slug: what a body has would pass for the team's own."""
    teams = {place.content: place for place in found(document, "teams/*/slug") if isinstance(place.content, str)}
    for place in found(document, "bodies/*/slug"):
        if isinstance(place.content, str) and (team := teams.get(place.content)) is not None:
            reason = f"a team has the slug `{place.content}` too ({team.file}, line {team.line})"
            yield place.finding(reason, "give one of them another slug")


def unreachable_bodies(document: Located) -> Iterator[Finding]:
    """Types of bodies to which cases go by themselves, where the town has no body, or one that nothing can reach."""
    bodies = [place for place in found(document, "bodies/*") if isinstance(place.content, dict)]
    types = {
        body.content["type"].content for body in bodies if isinstance(body.content, dict) and "type" in body.content
    }
    itself = {place.content for place in found(document, "town/itself/*/body_type")}
    used: dict[str, Located] = {}
    for pattern in USED_BODY_TYPES:
        for place in (place for place in found(document, pattern) if place.content not in (None, *itself)):
            used.setdefault(str(place.content), place)
    for body_type in sorted(used.keys() - types):
        if body_type in slugs(document, "body_types"):
            yield used[body_type].finding(f"the town has no body of the type `{body_type}`", "add one to bodies.yaml")
    for body in bodies:
        content = body.content if isinstance(body.content, dict) else {}
        kind = content["type"].content if "type" in content else None
        if kind in used and not any(_given(content, way) for way in ("email", "phone", "note")):
            where = used[kind]
            reason = f"cases go to this body ({where.file}, line {where.line}), but there is no way to reach it"
            yield body.finding(reason, "add `email:` or `phone:`, or say in `note:` how a person finds it")


def _given(content: dict[str, Located], key: str) -> bool:
    return key in content and content[key].content is not None


def slugs(document: Located, target: str) -> set[str]:
    """The slugs of a list of the document."""
    return {place.content for place in found(document, f"{target}/*/slug") if isinstance(place.content, str)}


def found(here: Located, pattern: str) -> Iterator[Located]:
    """The values at a path in which `*` stands for every item or key; what is not there is passed over."""
    step, _, rest = pattern.partition("/")
    if isinstance(here.content, list) and step == "*":
        inner = here.content
    elif isinstance(here.content, dict):
        inner = list(here.content.values()) if step == "*" else [here.content[step]] if step in here.content else []
    else:
        inner = []
    for item in inner:
        if rest:
            yield from found(item, rest)
        else:
            yield item
