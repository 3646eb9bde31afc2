"""What settings of a real installation may not say: anything that is only for this machine."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_OUTSIDE = ("HMS_API_URL", "HMS_WEB_CALL_URL", "STRIPE_API_URL", "STRIPE_CHECKOUT_ORIGIN")


def refuse_what_is_local(said: Mapping[str, Any], *, is_embedded: bool) -> None:
    """Raise ImproperlyConfigured, naming the setting, for settings that production must not have."""
    local = [name for name in _OUTSIDE if not said[name].startswith("https://")]
    if local or said["SANDBOX_URL"]:
        raise ImproperlyConfigured(
            f"production talks to the real HMS and Stripe only: {', '.join(local) or 'SANDBOX_URL'}"
        )
    if not said["HTTPS"]:
        raise ImproperlyConfigured("production is served over https: set PUBLIC_SCHEME=https")
    if said["DNS_MAY_ASK_PRIVATE"]:
        raise ImproperlyConfigured("production asks public name servers only: unset DNS_MAY_ASK_PRIVATE")
    if not said["OWNERS_NEED_SECOND_FACTOR"]:
        raise ImproperlyConfigured("production asks owners for a second factor: unset OWNERS_NEED_SECOND_FACTOR")
    if is_embedded:
        raise ImproperlyConfigured("production does not run on the embedded PostgreSQL and Redis")
