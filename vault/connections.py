"""An agency's connections to Stripe and HMS: saved sealed, opened only for the call that needs the key.

A blank secret keeps the stored one, since no form ever shows it. A replaced webhook secret is accepted for another day.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tenancy import wire
from vault import envelope, key_shapes
from vault.models import DataKey, HMSConnection, StripeConnection

PREVIOUS_SECRET_LIVES = timedelta(hours=24)
# Many events share a row, and so do many that are none: it is written at most this often.
_SELDOM = timedelta(minutes=1)
_SECRET_KEY = "stripe.secret_key"  # noqa: S105 - the name of a column
_WEBHOOK_SECRET = "stripe.webhook_secret"  # noqa: S105
_PREVIOUS_SECRET = "stripe.previous_webhook_secret"  # noqa: S105
_HMS_KEY = "hms.api_key"
# Asked with every message that comes, honest or not.
_SIGNING = """
SELECT c.webhook_secret_sealed, c.previous_webhook_secret_sealed, c.previous_webhook_secret_until, k.wrapped
  FROM public.vault_stripeconnection c LEFT JOIN public.vault_datakey k ON k.agency_id = c.agency_id
 WHERE c.agency_id = %s::bigint
"""
_HEARD = """
UPDATE public.vault_stripeconnection
   SET last_event_at = %s::timestamptz, proved_at = coalesce(proved_at, %s::timestamptz)
 WHERE agency_id = %s::bigint AND livemode = %s::bool
   AND (last_event_at > %s::timestamptz AND proved_at IS NOT NULL
        AND (last_failure_at > last_event_at) IS NOT TRUE) IS NOT TRUE
"""
_Connection = TypeVar("_Connection", StripeConnection, HMSConnection)


class NotConnected(LookupError):
    """The agency has not stored this key."""


class EndpointReplaced(RuntimeError):
    """Somebody else has stored another endpoint meanwhile. Theirs stays."""


class OrganizationTaken(ValueError):
    """Another agency is connected with this HMS organization. The message is for the person who pasted the key."""


def save_stripe_keys(
    *,
    agency_id: int,
    publishable_key: str | None = None,
    secret_key: str | None = None,
    webhook_secret: str | None = None,
    account_id: str = "",
    business_name: str = "",
    now: datetime | None = None,
) -> StripeConnection:
    """Store what was pasted, cleaned and sealed; what is blank stays as it was.

    `account_id` and `business_name` are what Stripe answered for the secret key; empty when the key may not read them.
    Another account, mode or webhook secret has to be proved anew: what was heard until then proves nothing of it.
    Raises key_shapes.WrongKey, with the field, for a key of another kind or a mix of live and test.
    """
    pasted = check_stripe_keys(
        agency_id=agency_id, publishable_key=publishable_key, secret_key=secret_key, webhook_secret=webhook_secret
    )
    now = now or timezone.now()
    with transaction.atomic():
        connection = _locked(StripeConnection, agency_id)
        connection.publishable_key = pasted["publishable_key"] or connection.publishable_key
        if pasted["secret_key"]:
            known = (connection.account_id, connection.livemode)
            _put_secret_key(connection, pasted["secret_key"])
            if not account_id or known != (account_id, connection.livemode):
                _forget_proof(connection)
                connection.endpoint_state, connection.missing_events, connection.last_event_at = "", [], None
            # Also when it is not known whose the key is: what was known belongs to the key before.
            connection.account_id, connection.business_name = account_id, business_name[:200]
            connection.checked_at = now
        if pasted["webhook_secret"]:
            _put_webhook_secret(connection, pasted["webhook_secret"], now)
        connection.save()
    return connection


def check_stripe_keys(
    *, agency_id: int, publishable_key: str | None, secret_key: str | None, webhook_secret: str | None
) -> dict[str, str]:
    """The keys by field, cleaned, with "" for blank ones. To be called before Stripe is asked about the secret key.

    Raises key_shapes.WrongKey. A blank key is judged by the stored one: the two must be of one mode.
    """
    pasted = {
        "publishable_key": key_shapes.cleaned(publishable_key),
        "secret_key": key_shapes.cleaned(secret_key),
        "webhook_secret": key_shapes.cleaned(webhook_secret),
    }
    checks = {
        "publishable_key": key_shapes.check_publishable,
        "secret_key": key_shapes.check_secret,
        "webhook_secret": key_shapes.check_webhook_secret,
    }
    for field, key in pasted.items():
        if key:
            checks[field](key)
    stored = StripeConnection.objects.filter(agency_id=agency_id).first() or StripeConnection(agency_id=agency_id)
    publishable = pasted["publishable_key"] or stored.publishable_key
    # The mask keeps the prefix, and the prefix says the mode.
    secret = pasted["secret_key"] or stored.secret_key_mask
    if publishable and secret:
        key_shapes.check_same_mode(publishable_key=publishable, secret_key=secret)
    return pasted


def save_webhook_endpoint(
    *, agency_id: int, endpoint_id: str, webhook_secret: str, instead_of: str, now: datetime | None = None
) -> StripeConnection:
    """Store the endpoint that was made at Stripe for the agency, with its signing secret.

    Raises EndpointReplaced unless the stored one is still `instead_of` ("" for none).
    """
    key_shapes.check_webhook_secret(webhook_secret)
    with transaction.atomic():
        connection = _locked(StripeConnection, agency_id)
        if connection.webhook_endpoint_id != instead_of:
            raise EndpointReplaced(f"agency {agency_id} has another endpoint by now")
        _put_webhook_secret(connection, webhook_secret, now or timezone.now())
        connection.webhook_endpoint_id = endpoint_id
        connection.save()
    return connection


def stripe_connection(agency_id: int) -> StripeConnection:
    """The connection as it may be shown: masks, mode, account. Raises NotConnected without a secret key."""
    connection = _with_key(StripeConnection, agency_id)
    if connection is None or connection.secret_key_sealed is None:
        raise NotConnected(f"agency {agency_id} has no Stripe key")
    return connection


def stripe_secret_key(agency_id: int) -> str:
    """The agency's secret key for Stripe. Raises NotConnected."""
    return secret_key_of(stripe_connection(agency_id))


def secret_key_of(connection: StripeConnection) -> str:
    """The secret key of a connection that `stripe_connection` gave."""
    return _open(connection, "secret_key_sealed", _SECRET_KEY)


def webhook_secrets(agency_id: int, now: datetime) -> list[str]:
    """The secrets that Stripe may sign with now: the current one, and the previous one for a day. [] without any."""
    found = wire.connection.ask_prepared(_SIGNING, [agency_id])
    if found is None or found[0] is None:
        return []
    current, previous, until, wrapped = found
    key = None if wrapped is None else DataKey(agency_id=agency_id, wrapped=wrapped)
    secrets = [envelope.unseal(current, agency_id=agency_id, field=_WEBHOOK_SECRET, key=key)]
    if previous is not None and until is not None and now < until:
        secrets.append(envelope.unseal(previous, agency_id=agency_id, field=_PREVIOUS_SECRET, key=key))
    return secrets


def save_checkout_options(*, agency_id: int, options: Mapping[str, Any]) -> None:
    """Keep how Checkout is to behave, in names and values that JSON can hold."""
    StripeConnection.objects.filter(agency_id=agency_id).update(checkout_options=dict(options))


def note_event(*, agency_id: int, livemode: bool, at: datetime) -> None:
    """Remember that Stripe's signed word arrived, which proves the connection if nothing did before.

    An event of the other mode says nothing of this connection. Written at most once a minute, unless it is news.
    """
    wire.connection.ask_prepared(_HEARD, [at, at, agency_id, livemode, at - _SELDOM])


def note_failure(*, agency_id: int, sentence: str, at: datetime) -> None:
    """Remember what went wrong between Stripe and the agency, in words for the agency; at most once a minute.

    One statement, whether there is such an agency or not.
    """
    is_news = (
        Q(last_failure_at=None) | Q(last_failure_at__lte=at - _SELDOM) | Q(last_event_at__gte=F("last_failure_at"))
    )
    mine = StripeConnection.objects.filter(is_news, agency_id=agency_id, webhook_secret_sealed__isnull=False)
    mine.update(last_failure=sentence[:300], last_failure_at=at)


def save_hms_key(
    *,
    agency_id: int,
    api_key: str | None = None,
    organization_id: str,
    organization_name: str,
    seconds_left: int | None,
    now: datetime | None = None,
) -> HMSConnection:
    """Store the agency's HMS key, cleaned and sealed (blank keeps it), with what HMS said about it.

    Raises key_shapes.WrongKey, or OrganizationTaken when another agency uses this organization.
    """
    key = key_shapes.cleaned(api_key)
    if key:
        key_shapes.check_hms(key)
    try:
        with transaction.atomic():
            connection = _locked(HMSConnection, agency_id)
            if key:
                connection.api_key_sealed = envelope.seal(key, agency_id=agency_id, field=_HMS_KEY)
                connection.api_key_mask = key_shapes.mask(key)
            if connection.organization_id != organization_id:
                connection.template_assistant_id = ""  # an assistant of the organization before
            connection.organization_id, connection.organization_name = organization_id, organization_name[:200]
            connection.seconds_left, connection.checked_at = seconds_left, now or timezone.now()
            connection.save()
    except IntegrityError as error:
        raise OrganizationTaken(_("Another agency is connected with this HMS organization already.")) from error
    return connection


def hms_key(agency_id: int) -> str:
    """The agency's key for HMS. Raises NotConnected."""
    connection = _with_key(HMSConnection, agency_id)
    if connection is None or connection.api_key_sealed is None:
        raise NotConnected(f"agency {agency_id} has no HMS key")
    return _open(connection, "api_key_sealed", _HMS_KEY)


def _put_secret_key(connection: StripeConnection, key: str) -> None:
    connection.secret_key_sealed = envelope.seal(key, agency_id=connection.agency_id, field=_SECRET_KEY)
    connection.secret_key_mask = key_shapes.mask(key)
    connection.livemode = key_shapes.is_live(key)


def _put_webhook_secret(connection: StripeConnection, secret: str, now: datetime) -> None:
    agency_id = connection.agency_id
    if connection.webhook_secret_sealed is not None:
        current = _open(connection, "webhook_secret_sealed", _WEBHOOK_SECRET)
        if current == secret:
            return
        connection.previous_webhook_secret_sealed = envelope.seal(current, agency_id=agency_id, field=_PREVIOUS_SECRET)
        connection.previous_webhook_secret_until = now + PREVIOUS_SECRET_LIVES
    _forget_proof(connection)
    connection.webhook_secret_sealed = envelope.seal(secret, agency_id=agency_id, field=_WEBHOOK_SECRET)
    connection.webhook_secret_mask = key_shapes.mask(secret)


def _forget_proof(connection: StripeConnection) -> None:
    connection.tested_session_id, connection.tested_at, connection.proved_at = "", None, None
    connection.last_failure, connection.last_failure_at = "", None


def _with_key(model: type[_Connection], agency_id: int) -> _Connection | None:
    """The row with the agency's data key, in one query."""
    rows = model._default_manager.select_related("agency__data_key")
    return rows.filter(agency_id=agency_id).first()


def _locked(model: type[_Connection], agency_id: int) -> _Connection:
    model._default_manager.get_or_create(agency_id=agency_id)
    rows = model._default_manager.select_for_update(no_key=True, of=("self",)).select_related("agency__data_key")
    return rows.get(agency_id=agency_id)


def _open(connection: StripeConnection | HMSConnection, column: str, field: str) -> str:
    return envelope.unseal(
        getattr(connection, column),
        agency_id=connection.agency_id,
        field=field,
        key=getattr(connection.agency, "data_key", None),
    )
