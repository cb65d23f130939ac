"""Whom an account at another provider opens an account here to.

An identity is known by its issuer and subject alone; an address only helps to find the account that
it should be connected to, once, and only when the provider vouches for it. An institution vouches
for the addresses below its own domains; for any other the owner of the account signs in once first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from portal.accounts import queries
from portal.accounts.models import Identity, User
from portal.accounts.queries import Person
from portal.accounts.queries.identities import Owner, find_owner, has_password, list_identities
from portal.accounts.queries.sign_ins import Account, find_account
from portal.accounts.services.locking import lock_account
from portal.accounts.services.passwords import is_unopened
from portal.accounts.services.people import UserDraft, create_user
from portal.accounts.services.sessions import end_by_method, raise_epoch
from portal.accounts.services.tokens import Purpose, end_tokens
from portal.accounts.signals import Notice, tell
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotAllowed, NotFound, lazy
from portal.extensions import db
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An account at a provider, as the provider has just told; `provider` is its name in words."""

    issuer: str
    subject: str
    provider: str
    email: str | None = None
    # Whether the provider has seen that the address is theirs.
    is_verified: bool = False
    first_name: str = ""
    last_name: str = ""
    locale: str | None = None

    def is_below(self, domains: Collection[str]) -> bool:
        """Whether the address is below one of these domains."""
        return (self.email or "").rpartition("@")[2] in domains


@dataclass(frozen=True, slots=True)
class Rules:
    """Which domains are the institution's own, and what strangers from there become; None when nobody may."""

    domains: frozenset[str]
    role: Role | None
    language: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """The person to let in. With `lost_password` the one that somebody typed at registration no longer works."""

    person: Person
    lost_password: bool = False


@dataclass(frozen=True, slots=True)
class MustSignIn:
    """Whose account the identity is connected to once they have signed in; an invitation to it may wait for them."""

    user_id: int
    is_invited: bool


@dataclass(frozen=True, slots=True)
class _Oneself:
    """Somebody who acts for their own account before they are signed in to it."""

    user_id: int | None
    request_id: str | None


def recognise(account: ProviderAccount, rules: Rules, request_id: str | None) -> Recognised | MustSignIn:
    """Whom a proved identity lets in. Raises NotAllowed, in words, when it lets in nobody."""
    owner = find_owner(account.issuer, account.subject)
    if owner is not None:
        return _open_known(owner, account, request_id)
    _check_address(account)
    found = find_account(account.email or "", None)
    if found is None:
        try:
            return _make(account, rules, request_id)
        except Conflict:  # somebody made the account a moment ago
            found = find_account(account.email or "", None)
    if found is None or not found.person.is_active:
        raise _no_account(account)
    if account.is_below(rules.domains):
        return _open_found(found, account, request_id)
    return MustSignIn(found.person.id, is_unopened(found))


def connect(user_id: int, account: ProviderAccount, by: Actor) -> bool:
    """Connect a proved identity to the account of someone who is signed in; False when it was theirs already.

    Raises NotAllowed when the provider does not vouch for its address, Conflict when it or its address is
    somebody else's.
    """
    owner = find_owner(account.issuer, account.subject)
    if owner is not None:
        if owner.person.id != user_id:
            raise _belongs_to_another(account)
        return False
    _check_address(account)
    found = find_account(account.email or "", None)
    if found is not None and found.person.id != user_id:
        raise _belongs_to_another(account)
    return _connect(user_id, account, by, tells=True)


def disconnect(user_id: int, identity_id: int, ways: Mapping[str, str], by: Actor, keep: int | None = None) -> None:
    """Disconnect an identity of a person and end the sessions that began with its provider, but the one to keep.

    Raises NotFound when it is not theirs, DomainError when it is their last way in: `ways` are the issuers
    with which people can sign in at present, and how sessions name them.
    """
    # Whoever disconnects another one at the same moment waits here.
    lock_account(user_id)
    mine = list_identities(user_id)
    gone = next((one for one in mine if one.id == identity_id), None)
    if gone is None:
        raise NotFound(lazy("There is no such account."))
    others = [one for one in mine if one.id != identity_id and one.issuer in ways]
    if not others and not has_password(user_id):
        raise DomainError(lazy("This is your only way to sign in. Set a password first, then disconnect it."))
    db.session.execute(delete(Identity).where(Identity.id == identity_id, Identity.user_id == user_id))
    if gone.issuer in ways:
        end_by_method(user_id, ways[gone.issuer], keep)
    record(by, "disconnect", "identities", identity_id, issuer=(gone.issuer, None), email=(gone.email, None))


def _open_known(owner: Owner, account: ProviderAccount, request_id: str | None) -> Recognised:
    person = owner.person
    if not person.is_active:
        raise _no_account(account)
    if owner.is_confirmed:
        return Recognised(person)
    if not (account.is_verified and account.email == person.email):
        raise NotAllowed(lazy("Confirm your email address first: follow the link in the mail that we sent you."))
    return _confirm(person, _Oneself(person.id, request_id))


def _open_found(found: Account, account: ProviderAccount, request_id: str | None) -> Recognised:
    """The provider vouches for the address and the institution for the provider: connected at once."""
    person, by = found.person, _Oneself(found.person.id, request_id)
    _connect(person.id, account, by, tells=True)
    if not found.is_confirmed:
        return _confirm(person, by)
    if found.password_hash is None:
        # The invitation has done its work.
        end_tokens([person.id], Purpose.INVITATION)
    return Recognised(person)


def _confirm(person: Person, by: Actor) -> Recognised:
    """Confirm the address of an account; the password that came with it may be anybody's who typed the address."""
    waiting = update(User).where(User.id == person.id, User.is_confirmed.is_(False))
    done = db.write(waiting.values(is_confirmed=True, password_hash=None), execution_options=IN_PLACE)
    if done:
        end_tokens([person.id])
        raise_epoch(person.id)
        record(by, "confirm_address", "users", person.id, is_confirmed=(False, True))
    return Recognised(queries.find_person(person.id) or person, lost_password=True)


def _make(account: ProviderAccount, rules: Rules, request_id: str | None) -> Recognised:
    if not account.is_below(rules.domains) or rules.role is None:
        raise _no_account(account)
    locale = account.locale or rules.language
    draft = UserDraft(account.email or "", rules.role, account.first_name, account.last_name, locale)
    user = create_user(draft, _Oneself(None, request_id))
    _connect(user.id, account, _Oneself(user.id, request_id), tells=False)
    person = queries.find_person(user.id)
    assert person is not None  # noqa: S101 (the row was just written)
    return Recognised(person)


def _connect(user_id: int, account: ProviderAccount, by: Actor, *, tells: bool) -> bool:
    lock_account(user_id)
    row = Identity(issuer=account.issuer, subject=account.subject, email=account.email, user_id=user_id)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # it was connected at the same moment
        owner = find_owner(account.issuer, account.subject)
        if owner is None or owner.person.id != user_id:
            raise _belongs_to_another(account) from None
        return False
    record(by, "connect", "identities", row.id, issuer=(None, account.issuer), email=(None, account.email))
    if tells:
        facts = {"provider": account.provider, "email": account.email}
        tell([Notice(user_id, "identity_linked", facts, f"identity_linked:{row.id}")])
    return True


def _check_address(account: ProviderAccount) -> None:
    if account.email is None:
        raise NotAllowed(lazy("The provider did not tell us your email address, so we cannot tell who you are here."))
    if not account.is_verified:
        raise NotAllowed(
            lazy(
                "The provider has not checked that %(email)s is your address. Confirm it there, then try again.",
                email=account.email,
            )
        )


def _no_account(account: ProviderAccount) -> NotAllowed:
    # The same for an address without an account and for an account that was closed.
    return NotAllowed(
        lazy(
            "Nobody can sign in here as %(email)s. If you should be able to, ask your academic office.",
            email=account.email or account.provider,
        )
    )


def _belongs_to_another(account: ProviderAccount) -> Conflict:
    said = lazy("%(email)s belongs to somebody else here, so it was not connected.", email=account.email or "")
    return Conflict(said)
