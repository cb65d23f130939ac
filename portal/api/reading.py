"""What a client sent, read strictly: whatever is odd is answered with 400, 413 or 415 and the name of the field."""

import json
import math
from collections.abc import Iterator
from typing import Any, TypeVar

from flask import abort, request
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError

from portal.api.errors import error_answer, refuse
from portal.api.sentences import label_of, name_of, sentence_of
from portal.learning.models import BODY_LIMIT

Model = TypeVar("Model", bound=BaseModel)

_KB = 1024
# A character beyond the first 65,536 is written as two escapes of six bytes (RFC 8259, section 7). The longest text, so
# written, leaves 64 KB for what stands around it.
_ESCAPED = 12
MOST_BYTES = (-(-_ESCAPED * BODY_LIMIT // _KB) + 64) * _KB
DEEPEST = 20
_LARGEST = 2**63 - 1
_MOST_DIGITS = 19
_MOST_FAULTS = 20


class _Duplicate(Exception):
    """A member that stands in an object twice: whoever checks one reads the other."""


def read_body(model: type[Model]) -> Model:
    """The JSON body as a model; a request without any body is an empty object."""
    return _understood(model, _read_object())


def read_query(model: type[Model]) -> Model:
    """The query of the address as a model; each parameter may stand there once."""
    faults: dict[str, list[str]] = {}
    for name in list(request.args)[:_MOST_FAULTS]:
        if name not in model.model_fields:
            faults[name_of([name])] = [_unknown(name, model)]
        elif len(request.args.getlist(name)) > 1:
            faults[name_of([name])] = [_("%(field)s is given twice", field=label_of([name]))]
    values = request.args.to_dict()
    _refuse_faults(faults | _odd_values(values))
    return _understood(model, values)


def _unknown(name: str, model: type[BaseModel]) -> str:
    if not model.model_fields:
        return str(_("%(field)s is not known here: this address takes no parameters", field=label_of([name])))
    known = ", ".join(model.model_fields)
    return str(_("%(field)s is not known here: use %(known)s", field=label_of([name]), known=known))


def _read_object() -> dict[str, Any]:
    request.max_content_length = MOST_BYTES
    sent = request.get_data()
    if request.content_length is None and len(sent) >= MOST_BYTES:
        refuse(413)  # one that does not tell its length is cut off there without a word
    if not sent and not request.mimetype:
        return {}
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        refuse(415)
    value = _parsed(sent)
    if not isinstance(value, dict):
        refuse(400, _("The body must be a JSON object."))
    _refuse_faults(_odd_values(value))
    return value


def _parsed(sent: bytes) -> Any:
    try:
        return json.loads(
            sent.decode("utf-8-sig"),
            object_pairs_hook=_without_duplicates,
            parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS + 1 else math.inf,
        )
    except _Duplicate as error:
        name = [str(error)]
        refuse(400, _("%(field)s is given twice", field=label_of(name)), field=name_of(name))
    except UnicodeDecodeError:
        refuse(400, _("The body must be encoded in UTF-8."))
    except RecursionError:
        refuse(400, _("The body is nested too deeply."))
    except json.JSONDecodeError as error:
        refuse(
            400, _("The body is not JSON: see line %(line)s, column %(column)s.", line=error.lineno, column=error.colno)
        )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Duplicate(name)
        found[name] = value
    return found


def _odd_values(value: dict[str, Any]) -> dict[str, list[str]]:
    """What no field may hold: characters that databases refuse, numbers beyond all sense, and depths."""
    faults: dict[str, list[str]] = {}
    for path, found in _walk(value):
        fault = _fault_of(path, found)
        if fault:
            faults.setdefault(name_of(path), []).append(fault)
            if len(faults) >= _MOST_FAULTS:
                break
    return faults


def _walk(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value with its path, names among them; without recursion, and no deeper than is allowed."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, found = waiting.pop()
        yield path, found
        if len(path) > DEEPEST:
            continue
        if isinstance(found, dict):
            for name, inner in found.items():
                yield (*path, name), name
                waiting.append(((*path, name), inner))
        elif isinstance(found, list):
            waiting.extend(((*path, at), inner) for at, inner in enumerate(found))


def _fault_of(path: tuple[str | int, ...], value: Any) -> str | None:
    said = None
    if len(path) > DEEPEST:
        said = _("%(field)s is nested too deeply", field=label_of(path))
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
        said = _("%(field)s has characters that are no text", field=label_of(path))
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= _LARGEST):
        said = _("%(field)s is not a number that can be kept", field=label_of(path))
    return str(said) if said else None


def _understood(model: type[Model], values: dict[str, Any]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults: dict[str, list[str]] = {}
        for found in error.errors(include_url=False)[:_MOST_FAULTS]:
            faults.setdefault(name_of(found["loc"]), []).append(sentence_of(found))
    _refuse_faults(faults)
    raise AssertionError("a validation error has faults")


def _refuse_faults(faults: dict[str, list[str]]) -> None:
    if faults:
        abort(error_answer(400, [said for found in faults.values() for said in found], faults))
