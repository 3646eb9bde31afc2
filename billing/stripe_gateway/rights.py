"""The rights that a restricted key needs, each with what does not work without it.

Stripe looks at a key's rights before it looks at anything else. So a right is found by asking for something that does
not exist: whoever has the right is told so, and nothing is ever changed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import stripe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_NAMED = re.compile(r"rak_([a-z_]+)_(read|write)")
_NOBODY = "none_0"


@dataclass(frozen=True, slots=True)
class Right:
    """One line of Stripe's form for restricted keys. `code` is Stripe's own name, `level` what to choose in the form.

    `ask` finds whether the key has it, at least as far as `least`; without that a key `is_needed` for is of no use.
    """

    code: str
    level: str
    title: str
    without: str
    least: str
    is_needed: bool
    ask: Callable[[stripe.StripeClient], object]

    @property
    def purpose(self) -> str:
        """What does not work without it."""
        return _(self.without)

    def sentence(self, level: str) -> str:
        """For whoever gave a key that may not "read", or not "write": what for, and where to change it."""
        words = {"title": self.title, "without": self.purpose}
        if level == "read":
            return _("This key lacks the right to read %(title)s: %(without)s. %(fix)s") % {**words, "fix": _fix()}
        return _("This key lacks the right to write %(title)s: %(without)s. %(fix)s") % {**words, "fix": _fix()}


def _fix() -> str:
    return _("Add it in Stripe: Developers, API keys, edit the key.")


RIGHTS: tuple[Right, ...] = (
    Right(
        "checkout_session",
        "write",
        "Checkout Sessions",
        gettext_noop("without it nobody can pay"),
        "write",
        True,
        lambda client: client.v1.checkout.sessions.expire(_NOBODY),
    ),
    Right(
        "product",
        "write",
        "Products",
        gettext_noop("without it no package can go on sale"),
        "read",
        True,
        lambda client: client.v1.products.retrieve(_NOBODY),
    ),
    Right(
        "plan",
        "write",
        "Prices",
        gettext_noop("without it no package can go on sale"),
        "read",
        True,
        lambda client: client.v1.prices.retrieve(_NOBODY),
    ),
    Right(
        "webhook",
        "write",
        "Webhook Endpoints",
        gettext_noop("without it you set the webhook up by hand, and we cannot see when Stripe switches it off"),
        "write",
        False,
        lambda client: client.v1.webhook_endpoints.update(_NOBODY, {"metadata": {}}),
    ),
    Right(
        "charge",
        "write",
        "Charges and Refunds",
        gettext_noop("without it you cannot give money back from here, and refunds are not looked up"),
        "write",
        False,
        lambda client: client.v1.refunds.create({"payment_intent": _NOBODY, "amount": 1}),
    ),
    Right(
        "payment_intent",
        "read",
        "PaymentIntents",
        gettext_noop("without it a bank debit that fails is noticed late"),
        "read",
        False,
        lambda client: client.v1.payment_intents.retrieve(_NOBODY),
    ),
    Right(
        "dispute",
        "read",
        "Disputes",
        gettext_noop("without it disputed payments are not looked up"),
        "read",
        False,
        lambda client: client.v1.disputes.retrieve(_NOBODY),
    ),
    Right(
        "event",
        "read",
        "Events",
        gettext_noop("without it a message of Stripe's that got lost is not found again"),
        "read",
        False,
        lambda client: client.v1.events.retrieve(_NOBODY),
    ),
)


def sentence_for(said: str) -> str:
    """What Stripe says of a missing right, in our words; empty when it names none of ours."""
    named = _NAMED.search(said)
    if named is None:
        return ""
    return next((right.sentence(named[2]) for right in RIGHTS if right.code == named[1]), "")


def form_url(*, name: str, is_live: bool) -> str:
    """Stripe's form for a restricted key of this name, with the rights chosen already."""
    path = "apikeys/create" if is_live else "test/apikeys/create"
    chosen = [("permissions[]", f"rak_{right.code}_{right.level}") for right in RIGHTS]
    return f"https://dashboard.stripe.com/{path}?{urlencode([('name', name), *chosen])}"
