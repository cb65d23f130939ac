"""Origins of web pages (RFC 6454), as a setting lists them."""

from urllib.parse import urlsplit


def origins_of(text: str) -> frozenset[str]:
    """The origins between the commas, lower-case. Raises ValueError for what is none."""
    found = frozenset(word.strip().lower() for word in text.split(",") if word.strip())
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise ValueError("use addresses without a path, such as https://app.example.org, with commas between")
    return found
