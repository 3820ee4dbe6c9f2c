"""Whether every text is there, speaks only of what it may, and can be filled in with and without what may be absent."""

from collections.abc import Iterator
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, meta, nodes

from packs.findings import Finding
from packs.located import Located
from packs.texts import TEXT_KEYS, TextError, TextKey, Wording, environment, render
from packs.texts import Text as TextModel

_ENVIRONMENT = environment()


def faulty_texts(document: Located) -> Iterator[Finding]:
    """Findings for all texts of a document."""
    texts = document.at(["texts"])
    if texts is document or not isinstance(texts.content, dict):
        yield document.finding("the pack has no texts", "add them in texts/")
        return
    for name, text in texts.content.items():
        if name in TEXT_KEYS:
            yield from _faulty_text(TEXT_KEYS[name], text)
        else:
            near = get_close_matches(name, TEXT_KEYS, 1)
            remedy = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(TEXT_KEYS)}"
            yield text.finding(f"no service sends a text `{name}`", remedy)
    for name in TEXT_KEYS.keys() - texts.content.keys():
        yield texts.finding(f"the text `{name}` is missing", f"add it in texts/; it is for: {TEXT_KEYS[name].purpose}")


def _faulty_text(key: TextKey, text: Located) -> Iterator[Finding]:
    languages = text.content if isinstance(text.content, dict) else {}
    for language in key.languages:
        if language not in languages:
            yield text.finding(f"`{key.key}` is missing in `{language}`", f"add `{language}:` with subject and body")
    for wording in languages.values():
        for part in ("subject", "body"):
            place = wording.at([part])
            if place is not wording and isinstance(place.content, str):
                yield from _faulty_template(key, place, place.content)


def _faulty_template(key: TextKey, place: Located, template: str) -> Iterator[Finding]:
    try:
        tree = _ENVIRONMENT.parse(template)
        _ENVIRONMENT.from_string(template)
    except TemplateSyntaxError as error:
        remedy = "variables are written {{ name }}, conditions {% if name %}…{% endif %}"
        yield _at_line(place, error.lineno).finding(f"`{key.key}` is no template: {error.message}", remedy)
        return
    unknown = meta.find_undeclared_variables(tree) - key.declared.keys()
    for name in sorted(unknown):
        near = get_close_matches(name, key.declared, 1)
        remedy = f"did you mean `{near[0]}`?" if near else f"known here are {', '.join(sorted(key.declared))}"
        line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        yield _at_line(place, line).finding(f"`{key.key}` speaks of an unknown variable `{name}`", remedy)
    if not unknown and (fault := _cannot_be_filled_in(key, template)):
        yield place.finding(
            f"`{key.key}` cannot be filled in: {fault}", "ask with {% if name %} before using what may be absent"
        )


def _cannot_be_filled_in(key: TextKey, template: str) -> str | None:
    """Tries everything present, everything absent, and each variable absent alone."""
    present = {name: variable.sample for name, variable in key.declared.items()}
    absent = {name: variable.variants[-1] for name, variable in key.declared.items()}
    trials = [present, absent, *({**present, name: absent[name]} for name in present)]
    # As a body, because that may hold several lines; a long template was found by its shape already.
    wording = Wording.model_construct(subject="-", body=template)
    for values in trials:
        try:
            if not render(TextModel(cs=wording), key.key, "cs", values).body.strip():
                return "nothing is left of it"
        except TextError as error:
            return str(error).partition(": ")[2]
    return None


def _at_line(place: Located, line: int) -> Located:
    return Located(None, place.file, place.line + line if place.block else place.line)
