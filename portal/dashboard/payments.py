"""Payments: the agency's Stripe keys, what it sells by, and the webhook through which Stripe reports."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies import going_live, payments, webhook_proof
from agencies.models import Agency
from billing import packages, price_ids
from billing.stripe_gateway import EVENTS, RIGHTS, restricted_key_form
from billing.stripe_shapes import StripeFailed
from portal.dashboard import facts, rehearsals
from portal.dashboard.audited import audited
from portal.dashboard.forms import StripeForm, refuse
from portal.dashboard.gate import asks_again, exchanges_keys
from portal.dashboard.roles import agency_of, owner_changes
from vault import connections, key_shapes
from vault.models import StripeConnection

POLL_SECONDS = 2


@exchanges_keys
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@owner_changes
@audited("stripe.connected", of=facts.stripe, outside=True)
def keys(request: HttpRequest) -> HttpResponse:
    """The keys, which Stripe is asked about before they are kept. Secrets are written and never shown."""
    agency = agency_of(request)
    form = _form(request)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    connected = _connected(agency, form)
    if connected is None:
        return _page(request, form)
    webhook_proof.ask_if_new(agency)
    for sentence in connected.shortcomings:
        messages.warning(request, sentence)
    if connected.price_refused is not None:
        # The secrets are not typed twice: they are kept, and the page says so.
        _refuse_price(form, connected.price_refused)
        return _page(request, form, keys_are_kept=True)
    messages.success(request, _("Saved. Stripe knows these keys."))
    return redirect("dashboard:payments", slug=agency.slug)


@asks_again
@require_POST
@owner_changes
@audited("stripe.webhook_made", of=facts.stripe, outside=True)
def set_up_webhook(request: HttpRequest) -> HttpResponse:
    """Have us make at Stripe what is missing there, and test it."""
    agency = agency_of(request)
    try:
        payments.set_up_webhook(agency)
    except connections.NotConnected:
        return _page(request, _form(request), _("Save your secret key first. With it we can set the webhook up."))
    except StripeFailed as error:
        return _page(request, _form(request), str(error))
    webhook_proof.ask_if_new(agency)
    messages.success(request, _("Done. The test shows in a moment whether Stripe reaches us."))
    return _to_webhook(agency)


@require_POST
@owner_changes
def test_webhook(request: HttpRequest) -> HttpResponse:
    """Have Stripe say something, and wait for it on the page."""
    agency = agency_of(request)
    try:
        webhook_proof.ask(agency)
    except connections.NotConnected:
        return _page(request, _form(request), _("Save your secret key first. With it we can test the connection."))
    except (webhook_proof.NoWebhookSecret, StripeFailed) as error:
        return _page(request, _form(request), str(error))
    return _to_webhook(agency)


@require_GET
def webhook_state(request: HttpRequest) -> HttpResponse:
    """How the connection stands: asked for by the page while a test is on its way."""
    return render(request, "dashboard/_webhook_state.html", _proof(_known(agency_of(request))))


def _form(request: HttpRequest) -> StripeForm:
    is_posted = request.method == "POST" and "publishable_key" in request.POST
    form = StripeForm(request.POST if is_posted else None)
    form.keep(_known(agency_of(request)), price_ids.first_package())
    return form


def _connected(agency: Agency, form: StripeForm) -> payments.Connected | None:
    """What was stored; None when the form says what is wrong, and nothing was."""
    typed = {name: form.cleaned_data[name] for name in ("publishable_key", "secret_key", "webhook_secret")}
    # Fields that were not on the page say nothing; fields that were emptied do.
    product_id, price_id = (
        form.cleaned_data[name] if name in form.data else None for name in ("stripe_product_id", "stripe_price_id")
    )
    try:
        return payments.connect(
            agency,
            **typed,
            product_id=product_id,
            price_id=price_id,
            removes_test_credits=form.cleaned_data["removes_test_credits"],
        )
    except key_shapes.WrongKey as error:
        refuse(form, error.field, error.sentence)
    except packages.PriceDoesNotFit as error:
        _refuse_price(form, error)
    except payments.TestCreditsLeft:
        refuse(form, "removes_test_credits", _("Tick this to go live, and paste your secrets once more."))
    except payments.NoPackageYet as error:
        refuse(form, "stripe_price_id", str(error))
    except connections.NotConnected:
        refuse(form, "secret_key", _("Paste your secret key as well: with it we ask Stripe about the price."))
    except payments.KeyLacksRights as error:
        for sentence in error.sentences:
            refuse(form, "secret_key", sentence)
    except (payments.AccountHasOpenPurchases, StripeFailed) as error:
        refuse(form, "secret_key", str(error))
    return None


def _refuse_price(form: StripeForm, refused: packages.PriceDoesNotFit) -> None:
    """What is said of the package's amount belongs beside the price: there is nothing else to change on this page."""
    field = refused.field if refused.field in form.fields else "stripe_price_id"
    refuse(form, field, refused.sentence)


def _to_webhook(agency: Agency) -> HttpResponse:
    answer = redirect("dashboard:payments", slug=agency.slug)
    answer["Location"] += "#webhook"
    return answer


def _page(
    request: HttpRequest, form: StripeForm, webhook_problem: str = "", *, keys_are_kept: bool = False
) -> HttpResponse:
    agency = agency_of(request)
    known = _known(agency)
    form.keep(known, package := price_ids.first_package())
    context = {
        "form": form,
        "known": known,
        "keys_are_kept": keys_are_kept,
        "package": package,
        "rights": RIGHTS,
        "rights_url": restricted_key_form(name=agency.branding.company_name, is_live=bool(known and known.livemode)),
        "webhook_url": webhook_proof.webhook_url(agency),
        "webhook_problem": webhook_problem,
        "test_credits": going_live.preview(agency) if known is not None and known.livemode is False else None,
        "events": EVENTS,
        "nav": "payments",
        **_proof(known),
        **rehearsals.shown(),
    }
    return render(request, "dashboard/payments.html", context)


def _proof(known: StripeConnection | None) -> dict[str, object]:
    connection = known or StripeConnection()
    return {
        "known": known,
        "proof": webhook_proof.state(connection).value,
        "proof_sentence": webhook_proof.sentence(connection),
        "every": POLL_SECONDS,
    }


def _known(agency: Agency) -> StripeConnection | None:
    return StripeConnection.objects.filter(agency_id=agency.pk).first()
