"""Settings arrive as they were written, and a wrong one stops the start in one line that names it."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from redis.connection import parse_url
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from portal import create_app
from portal.config import Settings, SettingsError, load_settings
from portal.extensions import db

README = Path(__file__).resolve().parents[2] / "README.md"
# With what people and providers put into passwords: application passwords of mail providers have spaces.
PASSWORD = "abcd efgh+@:/%ü"


def test_a_password_with_odd_letters_reaches_the_database():
    address = load_settings(db_host="database", db_user="a b", db_pass=PASSWORD).database_address()
    assert (make_url(address).username, make_url(address).password) == ("a b", PASSWORD)


def test_a_password_with_odd_letters_reaches_redis():
    address = load_settings(redis_host="queue", redis_password=PASSWORD).redis_address()
    assert parse_url(address)["password"] == PASSWORD


def test_a_password_with_odd_letters_reaches_the_mail_server():
    parts = urlsplit(load_settings(email_host="mail", email_user="a b", email_pass=PASSWORD).mail_address())
    assert (unquote(parts.username), unquote(parts.password)) == ("a b", PASSWORD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ratelimit_auth", "five per hour"),
        ("ratelimit_auth", "5"),
        ("ratelimit_auth", ""),
        ("ratelimit_api", "often"),
        ("mail_from", "nobody"),
        ("mail_from", "Academic office <office>"),
        ("mail_url", "smtp://mail.example.org:smtp"),
        ("mail_url", "ftp://mail.example.org"),
        ("portal_deadline", "monday 25:00"),
        ("portal_deadline", "someday 17:00"),
        ("portal_time_zone", "Mars/Olympus"),
        ("database_url", "oracle://x"),
        ("database_url", "mysql://portal:kept-to-myself@database:port/portal"),
        ("database_url", "postgresql://portal:kept-to-myself@database:99999/portal"),
        ("database_url", "mysql+nodriver://portal:kept-to-myself@database/portal"),
        ("database_url", "sqlite:kept-to-myself"),
        ("redis_url", "http://queue:6379"),
        ("redis_url", "queue:6379"),
        ("redis_url", "redis://queue:port"),
        ("web_concurrency", "many"),
        ("web_concurrency", "0"),
        ("log_level", "loud"),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(SettingsError, match=f"^{name.upper()}: .+$") as found:
        load_settings(**{name: value})
    assert "kept-to-myself" not in str(found.value)


@pytest.mark.parametrize("rule", ["5 per 15 minutes", "10/hour", "5 per 15 minutes; 20 per day"])
def test_limits_may_be_written_in_every_form_that_is_understood(rule):
    assert load_settings(ratelimit_auth=rule).ratelimit_auth == rule


def test_in_production_an_error_is_told_without_what_people_wrote(tmp_path):
    app = create_app(
        load_settings(
            _env_file=None,
            portal_env="production",
            secret_key="k" * 40,
            jwt_secret="j" * 40,
            database_url="sqlite://",
            portal_data_dir=tmp_path,
            log_level="ERROR",
        )
    )
    with app.app_context(), pytest.raises(OperationalError) as caught:
        db.session.execute(text("SELECT :what FROM nothing"), {"what": "a private word"})
    assert "SELECT" in str(caught.value)
    assert "a private word" not in str(caught.value)


def test_every_setting_stands_in_the_readme_and_nothing_else_does():
    rows = [line.split("|")[1:3] for line in README.read_text().splitlines() if line.startswith("| `")]
    named = {name for cells in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[0])}
    # What is said to be the same in parts, as DB_HOST of DATABASE_URL, stands in the row of the whole.
    text = README.read_text()
    known = {name.upper() for name in Settings.model_fields}
    assert {name for name in known if f"`{name}`" not in text} == set()
    assert named - known == set()
    example = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (README.parent / ".env.example").read_text(), re.MULTILINE))
    assert example - known == set()


def test_a_data_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"^PORTAL_DATA_DIR: .*/file/var cannot be made: Not a directory$"):
        create_app(load_settings(_env_file=None, portal_data_dir=tmp_path / "file" / "var"))
    monkeypatch.setattr("os.access", lambda *_given: False)
    with pytest.raises(SettingsError, match=r"^PORTAL_DATA_DIR: user \d+ may not write into /"):
        create_app(load_settings(_env_file=None, portal_data_dir=tmp_path))
