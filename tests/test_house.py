"""The rules of the house that no linter knows: audiences, layers of duty, templates, file sizes."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from packaging.requirements import Requirement

from portal.web.access import declared_audience, public

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "portal" / "templates").rglob("*.html"))
SOURCES = [*sorted((ROOT / "portal").rglob("*.py")), ROOT / "tasks.py", ROOT / "wsgi.py"]
OWN_FILES = [
    *SOURCES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "bench").rglob("*.py")),
    *sorted((ROOT / "script").iterdir()),
    *sorted(path for path in (ROOT / "portal" / "static").rglob("*.*") if path.suffix in {".js", ".css"}),
    *TEMPLATES,
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 30


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_ours(path: Path) -> bool:
    return "vendor" not in path.parts


def faults(paths: Iterable[Path], find: Callable[[Path], object]) -> dict[str, object]:
    """Of each file in which something is found, what that is. A rule is one test for all files: there are thousands."""
    looked_at = list(paths)
    assert len(looked_at) > 5, "nothing is looked at"
    return {name_of(path): found for path in looked_at if (found := find(path))}


# --- every view says whom it is for


def undeclared_views(app: Flask) -> set[str]:
    """Endpoints whose views declare no audience."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if declared_audience(app.view_functions[rule.endpoint]) is None
    }


def test_every_view_declares_its_audience(bare_app: Flask) -> None:
    assert len(list(bare_app.url_map.iter_rules())) > 5
    assert undeclared_views(bare_app) == set()


def test_a_view_without_an_audience_is_found() -> None:
    app = Flask("throwaway")
    public(app.view_functions["static"])
    app.add_url_rule("/open", "open", public(lambda: "hello"))
    app.add_url_rule("/forgotten", "forgotten", lambda: "hello")
    assert undeclared_views(app) == {"forgotten"}


# --- templates


TEMPLATE_FAULTS = {
    "an unescaped value": re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false|\bMarkup\("),
    "an inline style": re.compile(r"<[^>{]*\sstyle\s*=", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>{]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
    "a script without a nonce": re.compile(r"<script(?![^>]*(?:nonce=|application/json))", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "another host": re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE),
    "a query": re.compile(r"\.query\b|\bdb\.session\b|\.scalars?\("),
}


def template_faults(text: str) -> set[str]:
    """What a template does that none may do."""
    return {fault for fault, pattern in TEMPLATE_FAULTS.items() if pattern.search(text)}


def test_templates_keep_to_the_security_policy_and_do_not_query() -> None:
    assert faults(TEMPLATES, lambda path: template_faults(path.read_text())) == {}


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("an unescaped value", "{{ name | safe }}"),
        ("an inline style", '<p class="a" style="color: red">'),
        ("an inline handler", '<button type="button" onclick="go()">'),
        ("an inline handler", '<button hx-on:click="go()">'),
        ("a script without a nonce", '<script src="/x.js"></script>'),
        ("a style element", "<style>p {}</style>"),
        ("another host", '<link href="https://fonts.example.org/a.css">'),
        ("a query", "{% for user in User.query %}"),
    ],
)
def test_a_faulty_template_is_found(fault: str, text: str) -> None:
    assert template_faults(text) == {fault}


def test_a_fragment_begins_with_what_it_needs() -> None:
    fragments = [path for path in TEMPLATES if path.name.startswith("_")]
    needs = re.compile(r"\{#-?[^#]*\bneeds: ")
    silent = faults(fragments, lambda path: not needs.match(path.read_text()))
    assert silent == {}, "they must begin with {# needs: … #}"


# --- Python


@cache
def reading(path: Path) -> tuple[list[tuple[str, int]], list[str]]:
    """Each call in a file as dotted text and line, and each function that is too long; trees are too big to keep."""
    called, long = [], []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called.append((ast.unparse(node.func), node.lineno))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1
            if length > LONGEST_FUNCTION:
                long.append(f"{node.name}: {length} lines")
    return called, long


def calls(path: Path) -> list[tuple[str, int]]:
    return reading(path)[0]


def calls_of(names: set[str]) -> Callable[[Path], list[str]]:
    """Finds the calls of these in a file."""
    return lambda path: [f"{name} in line {line}" for name, line in calls(path) if name in names]


CLOCK = re.compile(
    r"(?:^|\.)(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|time_ns|localtime|gmtime)|func\.(?:now|current_timestamp))$"
)


def test_only_the_clock_knows_what_time_it_is() -> None:
    others = [path for path in SOURCES if path.name != "clock.py"]
    assert faults(others, lambda path: [call for call in calls(path) if CLOCK.search(call[0])]) == {}


def duty(path: Path) -> str:
    """routes, forms, services, queries or models, for a module of that name or inside a package of that name."""
    names = {path.stem, *(part for part in path.relative_to(ROOT).parts[:-1])}
    return next((layer for layer in ("routes", "forms", "services", "queries", "models") if layer in names), "")


def of_duty(*layers: str) -> list[Path]:
    return [path for path in SOURCES if duty(path) in layers]


def test_only_the_edges_commit() -> None:
    inner = of_duty("services", "queries", "models")
    assert faults(inner, lambda path: [call for call in calls(path) if call[0].endswith("session.commit")]) == {}


def test_no_route_and_no_form_builds_a_statement() -> None:
    statements = {
        "select",
        "insert",
        "update",
        "delete",
        "text",
        "db.session.execute",
        "db.session.scalar",
        "db.session.scalars",
        "db.session.get",
        "db.write",
    }
    assert faults(of_duty("routes", "forms"), calls_of(statements)) == {}


def test_reads_do_not_write() -> None:
    writes = {
        "insert",
        "update",
        "delete",
        "db.session.add",
        "db.session.add_all",
        "db.session.delete",
        "db.session.merge",
        "db.write",
    }
    assert faults(of_duty("queries"), calls_of(writes)) == {}


def test_functions_are_short() -> None:
    assert faults(SOURCES, lambda path: reading(path)[1]) == {}


def test_files_are_short() -> None:
    def length(path: Path) -> int:
        return lines if (lines := len(path.read_text().splitlines())) > LONGEST_FILE else 0

    own = [path for path in OWN_FILES if is_ours(path)]
    assert faults(own, length) == {}, "make it a package of the same name, split by subject"


def test_nothing_is_called_utils() -> None:
    assert [name_of(path) for path in SOURCES if path.stem in {"utils", "helpers", "misc"}] == []


# --- requirements


def pins(path: Path) -> dict[str, str]:
    """Name and version of every requirement, in the spelling of package indexes."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def wanted() -> tuple[list[Requirement], list[Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    development = project["dependency-groups"]["dev"]
    return [Requirement(line) for line in project["project"]["dependencies"]], [
        Requirement(line) for line in development
    ]


def unmet(requirements: list[Requirement], locked: dict[str, str]) -> list[str]:
    """Requirements that the locked versions do not meet."""
    names = {str(one): re.sub(r"[-_.]+", "-", one.name).lower() for one in requirements}
    return [
        text for text, name in names.items() if name not in locked or locked[name] not in Requirement(text).specifier
    ]


def test_locked_requirements_are_those_of_the_project() -> None:
    runtime, development = wanted()
    assert unmet(runtime, pins(ROOT / "requirements.txt")) == []
    assert unmet(runtime + development, pins(ROOT / "requirements-dev.txt")) == []


def test_an_unmet_requirement_is_found() -> None:
    assert unmet([Requirement("flask>=99"), Requirement("nowhere")], {"flask": "3.1.3"}) == ["flask>=99", "nowhere"]


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    shipped, tested = pins(ROOT / "requirements.txt"), pins(ROOT / "requirements-dev.txt")
    assert {name: (version, tested.get(name)) for name, version in shipped.items() if tested.get(name) != version} == {}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_requirement_is_hashed(name: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text())
    pinned = [block for block in blocks if "==" in block.split("\n")[0]]
    assert len(pinned) > 20
    assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []
