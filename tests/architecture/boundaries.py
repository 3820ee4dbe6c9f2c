"""Who may import what: services nobody else's code, kit no domain, pure modules no client library (P6)."""

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Mapping

from .source import Import, Module, service_packages

SHARED: Mapping[str, frozenset[str]] = {
    "contracts": frozenset({"contracts"}),
    "kit": frozenset({"kit"}),
    "packs": frozenset({"packs", "contracts"}),
    "deploy": frozenset({"deploy", "contracts", "kit", "packs"}),
    "understanding": frozenset({"understanding", "contracts", "packs", "router"}),
}
FOR_SERVICES = frozenset({"contracts", "kit", "packs"})

CLIENT_LIBRARIES = frozenset(
    {
        "aiohttp",
        "aiokafka",
        "aiosmtpd",
        "aiosmtplib",
        "bson",
        "confluent_kafka",
        "fastapi",
        "faust",
        "ftplib",
        "gridfs",
        "http",
        "httpx",
        "imapclient",
        "imaplib",
        "minio",
        "mode",
        "poplib",
        "pymongo",
        "requests",
        "smtplib",
        "socket",
        "socketserver",
        "sqlite3",
        "starlette",
        "subprocess",
        "urllib3",
        "uvicorn",
    }
)
CLIENT_MODULES = frozenset({"urllib.request"})

EDGES_OF_EVERY_SERVICE = frozenset({"__main__", "settings", "wiring", "store", "api"})
EDGES: Mapping[str, frozenset[str]] = {
    "intake_email": frozenset({"listener", "mailboxes.connection", "mailboxes.tokens"}),
    "tickets": frozenset(
        {"books.alarms", "books.bookkeeper", "books.ledger", "connections", "histories", "relay", "rulesets", "staff"}
    ),
    "router": frozenset({"learning.reading"}),
    "notifier": frozenset({"sending.relay", "sending.sender"}),
}
"""Further modules and subfolders of a service that talk to the outside; a new one here is a decision."""

DOMAIN_WORDS = frozenset({"report", "ticket", "reporter", "municipality"})


def import_faults(modules: list[Module]) -> list[str]:
    """Imports over a border: of another service, of a service or the domain from kit, of kit from the contracts."""
    services = service_packages(modules)
    own = frozenset(SHARED) | services.keys()
    faults = []
    for module in modules:
        allowed = _allowed(module, services)
        for imported in module.imports:
            if allowed is not None and imported.top in own and imported.top not in allowed:
                faults.append(f"{module.path}:{imported.line}: imports {imported.top}")
    return faults


def _allowed(module: Module, services: Mapping[str, str]) -> frozenset[str] | None:
    """The project's packages that a module may import; None for what may import all (tests of the whole, its tools)."""
    if module.path.startswith("services/"):
        folder = module.path.split("/")[1]
        packages = frozenset(package for package, found in services.items() if found == folder)
        return packages | FOR_SERVICES | ({"deploy"} if module.is_test else frozenset())
    if module.path.startswith("tests/flows/"):
        # Black-box: they know the wire, and how to start the system.
        return frozenset({"contracts", "kit", "deploy"})
    if module.package is None:
        return None
    return SHARED.get(module.package)


def pure_modules(modules: list[Module], edges: Mapping[str, frozenset[str]] = EDGES) -> list[Module]:
    """Contracts, packs, and each service's modules but for its edges."""
    services = service_packages(modules)
    return [
        module
        for module in modules
        if module.package in ("contracts", "packs")
        or (module.package in services and not _is_edge(module, edges.get(module.package, frozenset())))
    ]


def _is_edge(module: Module, edges: Collection[str]) -> bool:
    folder = module.within.partition(".")[0]
    return module.within in EDGES_OF_EVERY_SERVICE or module.within in edges or folder in edges


def purity_faults(modules: list[Module], edges: Mapping[str, frozenset[str]] = EDGES) -> list[str]:
    """Client libraries in pure modules, directly or by way of an edge; of kit's edges they may take protocols and errors."""
    pure = pure_modules(modules, edges)
    by_name = {module.name: module for module in modules if module.package is not None}
    edge_names = by_name.keys() - {module.name for module in pure}
    faults = []
    for module in pure:
        for imported in module.imports:
            if not imported.only_for_types:
                faults += [
                    f"{module.path}:{imported.line}: {fault}" for fault in _impure(imported, by_name, edge_names)
                ]
    return faults


def _impure(imported: Import, by_name: Mapping[str, Module], edges: Collection[str]) -> Iterator[str]:
    if imported.top in CLIENT_LIBRARIES or imported.module in CLIENT_MODULES:
        yield f"imports the client library {imported.module}"
        return
    whole = f"{imported.module}.{imported.name}"
    source = whole if whole in by_name else imported.module
    if source not in by_name or source not in edges or not _talks(by_name[source], by_name, {source}):
        return
    if source == whole or imported.top != "kit" or imported.name not in _protocols_and_errors(by_name[source]):
        yield f"reaches a client library by way of {source}"


def _talks(module: Module, by_name: Mapping[str, Module], seen: set[str]) -> bool:
    """Whether a module, or one that it imports, imports a client library."""
    for imported in module.imports:
        if imported.top in CLIENT_LIBRARIES or imported.module in CLIENT_MODULES:
            return True
        for name in (f"{imported.module}.{imported.name}", imported.module):
            if name in by_name and name not in seen:
                seen.add(name)
                if _talks(by_name[name], by_name, seen):
                    return True
    return False


def _protocols_and_errors(module: Module) -> set[str]:
    names = {"Protocol", *(name for name, kind in vars(builtins).items() if _is_error(kind))}
    classes = [node for node in module.tree.body if isinstance(node, ast.ClassDef)]
    for node in classes:
        if any(ast.unparse(base).rpartition(".")[2] in names for base in node.bases):
            names.add(node.name)
    return names


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseException)


def unknown_edges(modules: list[Module], edges: Mapping[str, frozenset[str]] = EDGES) -> list[str]:
    """Lines of `EDGES` that name no module: a list of exceptions must not outlive them."""
    names = {module.name for module in modules}
    return [
        f"{package}.{edge}"
        for package, listed in edges.items()
        for edge in sorted(listed)
        if f"{package}.{edge}" not in names
    ]


def domain_words_in_kit(modules: list[Module], topics: Collection[str]) -> list[str]:
    """Identifiers of kit that speak of the domain, and strings that name a topic."""
    faults = []
    for module in modules:
        if module.package == "kit":
            for node in ast.walk(module.tree):
                for name in _identifiers(node):
                    for word in sorted(_words(name) & DOMAIN_WORDS):
                        faults.append(f"{module.path}:{getattr(node, 'lineno', 1)}: {name} speaks of a {word}")
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in topics:
                    faults.append(f"{module.path}:{node.lineno}: names the topic {node.value}")
    return faults


def _identifiers(node: ast.AST) -> Iterator[str]:
    for field in ("id", "name", "attr", "arg", "asname"):
        value = getattr(node, field, None)
        if isinstance(value, str):
            yield value


def _words(name: str) -> set[str]:
    """The words of an identifier in the singular: `openTickets` is open, ticket."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    singular = (re.sub(r"ies$", "y", word.lower()) for word in words)
    return {word.removesuffix("s") if word.endswith("s") else word for word in singular}
