"""Messages as Standard Webhooks 1.0 wants them (github.com/standard-webhooks/standard-webhooks, spec)."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

PREFIX = "whsec_"
# The specification asks for 24 to 64 bytes.
_BYTES = 32


def new_secret() -> str:
    """A secret in the form that libraries of the specification read."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def new_uid() -> str:
    """What a message is known by, the same at each attempt."""
    return f"msg_{uuid4().hex}"


def body_of(kind: str, happened_at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body: type, moment and data; the same bytes at each attempt."""
    whole = {"type": kind, "timestamp": f"{happened_at:%Y-%m-%dT%H:%M:%SZ}", "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(uid: str, sent_at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The headers that prove who sent a body, with a signature for each secret."""
    stamp = str(int(sent_at.timestamp()))
    signatures = " ".join(_signature(key, uid, stamp, body) for key in keys)
    return {"webhook-id": uid, "webhook-timestamp": stamp, "webhook-signature": signatures}


def _signature(key: str, uid: str, stamp: str, body: bytes) -> str:
    signed = f"{uid}.{stamp}.".encode() + body
    made = hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(made).decode()}"
