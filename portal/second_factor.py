"""The second factor: codes of an authenticator app, and recovery codes for when the phone is gone.

Its secrets are sealed: of people on the platform under the environment's key, of an agency's clients under their
agency's. An owner needs one from the second sign-in on and before keys are exchanged.
"""

import base64
from functools import partial
from typing import Any

from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.conf import settings
from django.http import HttpRequest

from agencies.models import Agency, Membership
from people.models import User
from portal import context, member_log
from tenancy import schemas
from vault import envelope

_FIELD = "second_factor"
_SECRETS = ("secret", "seed")
_SIGNS_IN_AGAIN = "signs_in_again"
_AFTER = "after_second_factor"
_CHANGES = {
    authenticator_added: "second_factor.added",
    authenticator_removed: "second_factor.removed",
    authenticator_reset: "second_factor.codes_made",
}


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        """Seal a secret before it is stored."""
        agency_id = schemas.agency_id_of(schemas.current())
        if agency_id is None:
            sealed = envelope.seal_for_platform(text, field=_FIELD)
        else:
            sealed = envelope.seal(text, agency_id=agency_id, field=_FIELD)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. Raises envelope.CannotOpen."""
        sealed, agency_id = base64.b64decode(encrypted_text), schemas.agency_id_of(schemas.current())
        if agency_id is None:
            return envelope.unseal_for_platform(sealed, field=_FIELD)
        return envelope.unseal(sealed, agency_id=agency_id, field=_FIELD)

    def get_totp_issuer(self) -> str:
        """Under which name the codes stand in the app: the brand's."""
        return str(context.brand(current.request)["brand"]["name"])

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who needs a second factor can exchange it by way of an operator, not go without."""
        return schemas.current() != schemas.PUBLIC or not is_needed(authenticator.user)


def is_needed(user: User) -> bool:
    """Whether this person owns an agency. To be called in public."""
    owned = Membership.objects.filter(user_id=user.pk, role=Membership.Role.OWNER, agency__state=Agency.State.READY)
    return bool(settings.OWNERS_NEED_SECOND_FACTOR) and owned.exists()


def has_one(user: User) -> bool:
    """Whether this person has set one up."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def note_sign_in(request: HttpRequest, user: User) -> None:
    """Keep in the session, before the sign-in is done, whether it is another one than the first."""
    request.session[_SIGNS_IN_AGAIN] = user.last_login is not None


def is_missing(request: HttpRequest, user: User) -> bool:
    """Whether an owner who has signed in before still has none. Asked once a session when there is one."""
    if not settings.OWNERS_NEED_SECOND_FACTOR or not request.session.get(_SIGNS_IN_AGAIN):
        return False
    if has_one(user):
        request.session[_SIGNS_IN_AGAIN] = False
        return False
    return True


def come_back_to(request: HttpRequest, path: str) -> None:
    """Keep where somebody wanted to go, for the link behind the recovery codes."""
    request.session[_AFTER] = path


def seal_again(authenticator: Authenticator) -> None:
    """Seal the secrets of somebody on the platform under the environment's current key. Raises envelope.CannotOpen."""
    adapter = Adapter()
    fresh = {name: adapter.encrypt(adapter.decrypt(authenticator.data[name])) for name in _in(authenticator)}
    authenticator.data = {**authenticator.data, **fresh}
    authenticator.save(update_fields=["data"])


def remove_all(user: User) -> int:
    """Take everything away that a person proves themselves by beside the password; returns how many there were."""
    removed, _kinds = Authenticator.objects.filter(user_id=user.pk).delete()
    return int(removed)


def write_log() -> None:
    """Have changes of a second factor written into the log of each agency of the person. Called once."""
    for signal, what in _CHANGES.items():
        signal.connect(partial(_write, what), weak=False, dispatch_uid=what)


def _write(what: str, request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Recovery codes come and go with what they stand in for; that alone is told, but for new ones in their place."""
    stands_alone = authenticator.type == Authenticator.Type.TOTP or what == "second_factor.codes_made"
    if stands_alone and schemas.current() == schemas.PUBLIC:
        member_log.write(request, user, what)


def _in(authenticator: Authenticator) -> list[str]:
    return [name for name in _SECRETS if name in authenticator.data]
