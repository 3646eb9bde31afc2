"""Making and revoking the tokens of a client, alike for the client and for the agency.

Whoever calls has checked whose tokens these are. A token's text stands on the page that makes it and nowhere else: it
is in no session, no message and no address.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from domains import links
from portal import wording
from portal.dashboard.entrance import Actor
from vault import api_tokens
from vault.api_tokens import Issued, Scope
from vault.models import ApiToken

NAMES = {
    Scope.READ_BALANCE: gettext_lazy("Read the balance"),
    Scope.READ_CALLS: gettext_lazy("Read the calls"),
    Scope.READ_STATEMENT: gettext_lazy("Read the statement"),
    Scope.START_CALLS: gettext_lazy("Start calls"),
}


class TokenForm(forms.Form):
    """What a new token is for, and what it may do."""

    name = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=80,
        help_text=gettext_lazy("Such as the program that uses it. You will know it again by this name."),
        error_messages={"required": gettext_lazy("Say what it is for.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=[(scope.value, name) for scope, name in NAMES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one right.")},
    )


def page(
    request: HttpRequest, client: Client, *, actor: Actor, agency_id: int, revoke_url: Callable[[UUID], str]
) -> dict[str, Any]:
    """What `tokens/_tokens.html` shows: a client's tokens and the form for a new one; sent, it makes one, which is
    shown this once. `revoke_url` says where a token is revoked."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = _made(form, client, actor) if form.is_bound and form.is_valid() else None
    return {
        "form": TokenForm() if made else form,
        "made": made,
        "tokens": [_shown(row) | {"revoke_url": revoke_url(row.pk)} for row in api_tokens.listed(client.pk)],
        "base_url": links.portal(agency_id, "/api/v1"),
        "description_url": links.portal(agency_id, "/api/v1/openapi.json"),
    }


def revoke(client: Client, token_id: UUID) -> ApiToken:
    """Let nobody in by this token any more. Raises Http404 when the client has no such token."""
    try:
        return api_tokens.revoke(client_id=client.pk, token_id=token_id)
    except api_tokens.NoSuchToken as error:
        raise Http404 from error


def _made(form: TokenForm, client: Client, actor: Actor) -> Issued | None:
    scopes = [Scope(scope) for scope in form.cleaned_data["scopes"]]
    try:
        return api_tokens.issue(
            client_id=client.pk, name=form.cleaned_data["name"], scopes=scopes, actor=actor.as_json()
        )
    except api_tokens.TooManyTokens:
        words = _("There are %(most)s tokens. Revoke one that is not used any more first.")
        form.add_error(None, words % {"most": api_tokens.MOST})
        return None


def _shown(row: ApiToken) -> dict[str, Any]:
    used = (
        _("last used %(when)s") % {"when": wording.moment(row.last_used_at)} if row.last_used_at else _("not used yet")
    )
    rights = ", ".join(str(NAMES[Scope(scope)]) for scope in row.scopes if scope in list(Scope))
    return {"row": row, "meta": " · ".join([row.mask, rights, used])}
