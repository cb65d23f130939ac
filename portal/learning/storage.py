"""Where the content of files lies: in the data folder, or in storage that speaks S3. It knows no names and no people.

A file lies there in parts, under `<key>/<number>`. A part is written whole or not at all, so an upload goes on where
it stopped, and neither writing nor reading holds more of a file than one part.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portal.config import Settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# What a browser sends at once, and the most that a process holds of a file.
PART_SIZE = 4 * 1024 * 1024


class Storage:
    """Parts of files by key and number."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    def write(self, key: str, number: int, content: bytes) -> None:
        """Keep a part; one that is there already is replaced."""
        self._store.put(f"{key}/{number:05}", content)

    def read(self, key: str, part_size: int, start: int, end: int) -> Iterator[bytes]:
        """The bytes of a file from `start` up to, not including, `end`: a part at a time."""
        while start < end:
            number, at = divmod(start, part_size)
            until = min(end - number * part_size, part_size)
            yield bytes(self._store.get_range(f"{key}/{number:05}", start=at, end=until))
            start = number * part_size + until

    def delete(self, key: str) -> None:
        """Take a file away, as far as it is there."""
        found = [entry["path"] for entries in self._store.list(f"{key}/") for entry in entries]
        for path in found:
            try:
                self._store.delete(path)
            except FileNotFoundError:
                continue  # another process takes it away too


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name."""
    from obstore.store import LocalStore, S3Store  # takes long to import, and few requests need it

    if not settings.storage_url:
        return Storage(LocalStore(settings.portal_data_dir.resolve() / "files", mkdir=True, automatic_cleanup=True))
    parts = urlsplit(settings.storage_url)
    options: dict[str, Any] = {
        "region": settings.s3_region,
        "endpoint": settings.s3_endpoint or None,
        "access_key_id": settings.s3_key or None,
        "secret_access_key": settings.s3_secret or None,
        # An address of one's own has the bucket in its path; Amazon's in the name of the host.
        "virtual_hosted_style_request": not settings.s3_endpoint,
    }
    known = {name: value for name, value in options.items() if value is not None}
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": settings.s3_endpoint.startswith("http://"), "timeout": "30s"},
        retry_config=None,
        **known,
    )
    return Storage(store)
