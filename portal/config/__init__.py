"""Settings from the environment or `.env`; a wrong one stops the start in one line that names it."""

import re
from collections.abc import Callable, Collection
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, computed_field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.config.readers import (
    Network,
    check_hours,
    check_issuer,
    check_limits,
    check_sender,
    database_of,
    duration_of,
    listed,
    networks_of,
    quoted,
)
from portal.config.redis import address_by_sentinels, address_of, check_redis, places_of
from portal.origins import origins_of
from portal.roles import Role

_KNOWN_SECRETS = {"changeme", "secret", "dev", "development", "your-super-secret-jwt-key-change-in-production"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What says of the text of a setting what is wrong with it, and what reads the parts between its commas.
_CHECKS: dict[str, Callable[[str], None]] = {
    "portal_quiet_hours": check_hours,
    "oidc_issuer": check_issuer,
    "mail_from": check_sender,
    "ratelimit_auth": check_limits,
    "ratelimit_api": check_limits,
    "redis_url": check_redis,
}
_LISTS: dict[str, Callable[[str], Collection[Any]]] = {
    "cors_origins": origins_of,
    "reflection_origins": origins_of,
    "webhook_networks": networks_of,
    "redis_sentinels": places_of,
}


class SettingsError(SystemExit):
    """A setting is wrong; carries one line that names it and what is allowed."""


class Settings(BaseSettings):
    """Everything that can be set. Names are those of the environment, see README."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    portal_env: Literal["development", "production"] = "development"
    secret_key: str = ""
    portal_data_dir: Path = Path("var")
    portal_static_dir: Path | None = None
    database_url: str = ""
    db_host: str = ""
    db_port: int = Field(3306, ge=1, le=65535)
    db_name: str = "course_management"
    db_user: str = "root"
    db_pass: str = ""
    database_wait: int = Field(60, ge=0, le=3600)
    redis_url: str = ""
    redis_host: str = ""
    redis_port: int = Field(6379, ge=1, le=65535)
    redis_password: str = ""
    redis_sentinels: str = ""
    redis_master: str = "mymaster"
    redis_sentinel_password: str = ""
    mail_url: str = ""
    email_host: str = ""
    email_port: int = Field(587, ge=1, le=65535)
    email_user: str = ""
    email_pass: str = ""
    mail_from: str = "portal@localhost"
    port: int = Field(8000, ge=1, le=65535)
    web_concurrency: int = Field(2, ge=1, le=1000)
    public_url: str = ""
    portal_name: str = "Teaching portal"
    portal_time_zone: str = "UTC"
    portal_deadline: str = "monday 17:00"
    portal_quiet_hours: str = "20:00-07:00"
    attendance_threshold: int = Field(75, ge=0, le=100)
    attendance_notices: bool = False
    catalogue_public: bool = False
    storage_url: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_key: str = ""
    s3_secret: str = ""
    upload_limit_mb: int = Field(500, ge=1, le=20_000)
    course_files_limit_mb: int = Field(2_000, ge=1, le=1_000_000)
    jwt_secret: str = ""
    jwt_secret_previous: str = ""
    jwt_expire: timedelta = timedelta(hours=24)
    session_idle: timedelta = timedelta(hours=12)
    session_lifetime: timedelta = timedelta(days=7)
    registration_roles: str = "student"
    google_client_id: str = ""
    google_client_secret: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""
    oidc_allowed_domains: str = ""
    ratelimit_enabled: bool = True
    ratelimit_auth: str = "5 per 15 minutes"
    ratelimit_api: str = "100 per 15 minutes"
    cors_origins: str = ""
    webhook_networks: str = ""
    webhook_http: bool = False
    reflection_origins: str = ""
    portal_manager_scope: Literal["all", "department"] = "all"
    trusted_proxies: int = Field(0, ge=0, le=10)
    metrics_token: str = ""
    sentry_dsn: str = ""
    otel_exporter_otlp_endpoint: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "console"

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("portal_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("use a name such as UTC, Africa/Kigali or America/Chicago") from error
        return value

    @field_validator("portal_deadline")
    @classmethod
    def _readable_deadline(cls, value: str) -> str:
        day, _, hour = value.strip().lower().partition(" ")
        if day not in _DAYS:
            raise ValueError("use a weekday and a time, such as 'monday 17:00'")
        time.fromisoformat(hour)
        return f"{day} {hour}"

    @field_validator("jwt_expire", "session_idle", "session_lifetime", mode="before")
    @classmethod
    def _readable_duration(cls, value: object) -> object:
        return duration_of(value) if isinstance(value, str) else value

    @field_validator("registration_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        # Whoever may register as a manager or an administrator could open everything to themselves.
        if unknown := set(listed(value)) - {Role.STUDENT, Role.FACILITATOR}:
            raise ValueError(f"use student, facilitator, both with a comma, or nothing; not {min(unknown)}")
        return value

    @field_validator(*_CHECKS)
    @classmethod
    def _passes_its_check(cls, value: str, info: ValidationInfo) -> str:
        _CHECKS[str(info.field_name)](value)
        return value

    @field_validator(*_LISTS)
    @classmethod
    def _holds_what_can_be_read(cls, value: str, info: ValidationInfo) -> str:
        return value if _LISTS[str(info.field_name)](value) else ""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_of(value)

    @field_validator("mail_url")
    @classmethod
    def _known_mail(cls, value: str) -> str:
        if value and not value.startswith(("smtp://", "smtps://", "file:")):
            raise ValueError("use smtp://user:password@host:587, smtps://… or file:/folder")
        try:
            urlsplit(value).port  # noqa: B018 (asking for it reads it)
        except ValueError as error:
            raise ValueError("the port must be a number, such as smtp://host:587") from error
        return value

    @field_validator("storage_url")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\w./-]*)?", value, re.ASCII):
            raise ValueError("use s3://bucket or s3://bucket/folder; leave it empty for the data folder")
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        known = (("JWT_SECRET_PREVIOUS", self.jwt_secret_previous),) if self.jwt_secret_previous else ()
        for name, value in (("SECRET_KEY", self.secret_key), ("JWT_SECRET", self.jwt_secret), *known):
            if self.portal_env == "production" and (len(value) < 32 or value.lower() in _KNOWN_SECRETS):
                raise ValueError(f"{name}: in production at least 32 characters of your own are needed")
        return self

    @model_validator(mode="after")
    def _whole_providers(self) -> Self:
        if bool(self.google_client_id) != bool(self.google_client_secret):
            raise ValueError("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET: set both or neither")
        own = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(own) and not all(own):
            raise ValueError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: set all three or none")
        # A provider sends people back to one address, which must not come out of their requests.
        if self.in_production and (self.google_client_id or any(own)) and not self.public_url:
            raise ValueError("PUBLIC_URL: single sign-on needs it, such as https://teaching.example.org")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_production(self) -> bool:
        """True where a missing secret is refused and development pages are absent."""
        return self.portal_env == "production"

    @property
    def zone(self) -> ZoneInfo:
        """The institution's time zone, which decides weeks and deadlines."""
        return ZoneInfo(self.portal_time_zone)

    @property
    def deadline(self) -> tuple[timedelta, time]:
        """How long after a week's Monday its log is due: whole days, and the local time of that day."""
        day, _, hour = self.portal_deadline.partition(" ")
        return timedelta(days=7 + _DAYS.index(day)), time.fromisoformat(hour)

    def roles_to_register(self) -> tuple[Role, ...]:
        """The roles that strangers may give themselves; empty when registration is closed."""
        return tuple(Role(name) for name in listed(self.registration_roles))

    def allowed_domains(self) -> frozenset[str]:
        """Mail domains, lower-case, whose owners single sign-on lets in without more ado."""
        return frozenset(name.removeprefix("@") for name in listed(self.oidc_allowed_domains))

    def networks_of_webhooks(self) -> tuple[Network, ...]:
        """Private networks that messages for other systems may go to all the same."""
        return networks_of(self.webhook_networks)

    def database_address(self) -> str:
        """The SQLAlchemy URL: DATABASE_URL, else DB_HOST and its companions, else SQLite in the data folder."""
        if self.database_url:
            return self.database_url
        if self.db_host:
            login = f"{quoted(self.db_user)}:{quoted(self.db_pass)}"
            return f"mysql+pymysql://{login}@{self.db_host}:{self.db_port}/{self.db_name}?charset=utf8mb4"
        return f"sqlite:///{self.portal_data_dir.resolve()}/portal.db"

    def static_folder(self) -> Path:
        """Where `flask assets build` puts compressed files: PORTAL_STATIC_DIR, else in the data folder."""
        return self.portal_static_dir or self.portal_data_dir / "static"

    def redis_address(self) -> str | None:
        """The Redis URL, or None for the embedded queue."""
        if self.redis_sentinels:
            return address_by_sentinels(self.redis_sentinels, self.redis_master)
        if self.redis_url or not self.redis_host:
            return self.redis_url or None
        return address_of(self.redis_host, self.redis_port, self.redis_password)

    def mail_address(self) -> str:
        """Where mail goes: MAIL_URL, else the EMAIL_* settings, else files in the data folder."""
        if self.mail_url:
            return self.mail_url
        if self.email_host:
            login = f"{quoted(self.email_user)}:{quoted(self.email_pass)}@" if self.email_user else ""
            return f"smtp://{login}{self.email_host}:{self.email_port}"
        return f"file:{self.portal_data_dir.resolve()}/mail"

    def address(self) -> str:
        """The portal's own public address without a closing slash, for links in mails."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")


def load_settings(**given: object) -> Settings:
    """Settings from the environment and `.env`; `given` wins. Raises SettingsError with one line."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        said = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{name}: {said}" if name else said) from None
