"""The same storage in a folder and in a bucket, which moto's server keeps."""

import pytest
import requests

from portal.config import load_settings
from portal.learning.storage import open_storage

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def s3():
    """The address of a server that speaks S3, with an empty bucket."""
    from moto.server import ThreadedMotoServer  # takes long to import, and is asked for here only

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.put(f"http://{host}:{port}/lessons", timeout=10)
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def storage(request, tmp_path):
    options = {"portal_data_dir": tmp_path}
    if request.param == "s3":
        endpoint = request.getfixturevalue("s3")
        options |= {
            "storage_url": "s3://lessons/portal/files",
            "s3_endpoint": endpoint,
            "s3_key": "k",
            "s3_secret": "s",
        }
    return open_storage(load_settings(**options))


def test_parts_are_written_read_in_ranges_and_deleted(storage):
    for number, part in enumerate((b"0123", b"4567", b"89")):
        storage.write("key", number, part)
    storage.write("key", 0, b"abcd")
    storage.write("keyed", 0, b"other")
    assert b"".join(storage.read("key", 4, 0, 10)) == b"abcd456789"
    assert [bytes(part) for part in storage.read("key", 4, 3, 9)] == [b"d", b"4567", b"8"]
    assert list(storage.read("key", 4, 5, 5)) == []
    storage.delete("key")
    storage.delete("key")
    with pytest.raises(FileNotFoundError):
        list(storage.read("key", 4, 0, 1))
    assert b"".join(storage.read("keyed", 4, 0, 4)) == b"othe"
