"""Who may open what, as the code declares it: `flask access` prints the table that docs/access.md holds."""

from collections.abc import Iterator
from dataclasses import dataclass

import click
from flask import Flask, current_app
from werkzeug.routing import AnyConverter, Rule

from portal.roles import Role
from portal.web.access import PUBLIC, declared_audience, declared_owner

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEAD = """# Who may open what

Generated from the code by `flask --app wsgi access > docs/access.md`; a test compares the two. Others walk
every line of it as a stranger, as each role, as the owner, as somebody else of the same role and as a deactivated user.

- **all**: without signing in. **yes**: this role gets in. **–**: 403 for this role. Who is not signed in is sent to the
  sign-in page, or answered with 401 under `/api`.
- A facilitator's places are also open to managers and administrators who have a facilitator profile.
- **Whose**: for an address with an id or a link in it, whose it must be; anybody else gets 404, as if it did not exist.
  "any" means that whoever gets in may open it for every id. With `PORTAL_MANAGER_SCOPE=department` it is 404
  for a manager when its course or module is of a department that they do not answer for.
- `/ui` is there in development only.

| address | methods | student | facilitator | manager | administrator | whose |
|---|---|---|---|---|---|---|
"""
_COLUMNS = (Role.STUDENT, Role.FACILITATOR, Role.MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Door:
    """One view: its rule, methods, the roles it is open to (none: to all), and whose its ids must be."""

    endpoint: str
    address: str
    methods: tuple[str, ...]
    audience: frozenset[Role]
    owner: str | None


def takes_ids(rule: Rule) -> bool:
    """Whether an address names a thing: a choice between fixed words names none, and neither does a file's path."""
    kinds = [rule._converters[part] for part in rule.arguments]
    return rule.endpoint != "static" and any(not isinstance(kind, AnyConverter) for kind in kinds)


def list_doors(app: Flask) -> list[Door]:
    """Every view of the portal, by address."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        methods = tuple(method for method in _METHODS if method in (rule.methods or ()))
        audience = declared_audience(view) or PUBLIC
        owner = declared_owner(view) if takes_ids(rule) else None
        found.append(Door(rule.endpoint, _readable(rule), methods, audience, owner))
    return sorted(found, key=lambda door: (door.address, door.methods))


def _readable(rule: Rule) -> str:
    """`/tracker/logs/<log_id>`: the rule without its converters, but with the words that one of them chooses from."""
    parts = []
    for is_dynamic, data in rule._trace:
        kind = rule._converters[data] if is_dynamic else None
        if isinstance(kind, AnyConverter):
            parts.append("{" + ",".join(sorted(kind.items)) + "}")
        else:
            parts.append(f"<{data}>" if is_dynamic else data)
    return "".join(parts).lstrip("|")


def table(app: Flask) -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_lines(app))


def _lines(app: Flask) -> Iterator[str]:
    for door in list_doors(app):
        roles = ("all" if door.audience == PUBLIC else "yes" if role in door.audience else "–" for role in _COLUMNS)
        whose = "" if door.owner is None else door.owner or "any"
        yield f"| `{door.address}` | {', '.join(door.methods)} | {' | '.join(roles)} | {whose} |\n"


@click.command("access")
def access() -> None:
    """Print who may open what, in Markdown."""
    click.echo(table(current_app), nl=False)
