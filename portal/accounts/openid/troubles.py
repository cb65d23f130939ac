"""How signing in with a provider goes wrong."""

from typing import Any

from portal.accounts.openid.providers import Provider
from portal.errors import DomainError, lazy


class ProviderAway(DomainError):
    """The provider does not answer, or not as one does. `reason` is for the log and the administrator."""

    status = 503

    def __init__(self, provider: Provider, reason: Any) -> None:
        self.reason = reason
        super().__init__(
            lazy(
                "%(provider)s cannot be reached at the moment. Try again in a few minutes, or use your password.",
                provider=provider.heading,
            )
        )


class ProviderRefused(DomainError):
    """The provider did not say who the person is, such as when they did not let it."""


class NotProved(DomainError):
    """What came back proves nothing: too late, a second time, from another browser, or forged."""

    status = 400

    def __init__(self, reason: Any = "") -> None:
        self.reason = reason
        super().__init__(
            lazy("This sign-in took too long, was used already, or began in another browser. Nothing was changed.")
        )
