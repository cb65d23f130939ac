"""Time zones to choose from: one for each place that the tz database names, without its old and doubled names."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

from babel.dates import get_timezone_location

from portal.folding import fold

_UTC = "UTC"


@cache
def canonical_zones() -> frozenset[str]:
    """`Africa/Kigali` and the like, and `UTC`."""
    lines = files("tzdata").joinpath("zoneinfo/zone.tab").read_text().splitlines()
    places = {line.split("\t")[2] for line in lines if line and not line.startswith("#")}
    return frozenset(places & available_timezones() | {_UTC})


@cache
def zones_by_region(language: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Name of each zone and of its place in a language, by region (the part before the slash), both sorted; no UTC."""
    found: dict[str, list[tuple[str, str]]] = {}
    for zone in canonical_zones() - {_UTC}:
        found.setdefault(zone.partition("/")[0], []).append((zone, _place(zone, language)))
    return {region: sorted(found[region], key=lambda one: fold(one[1])) for region in sorted(found)}


def _place(zone: str, language: str) -> str:
    """Kigali, Le Caire; Buenos Aires, Argentina."""
    name: str = get_timezone_location(zone, locale=language, return_city=True)
    country, _, city = name.partition("/")
    return f"{city}, {country}" if city else name
