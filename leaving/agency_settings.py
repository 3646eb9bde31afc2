"""The settings of an agency as JSON, for its archive: what its owner chose, masks of keys, and nothing sealed."""

import json
from typing import Any

from django.db.models import Model

from agencies import team
from agencies.models import Agency, MinutesWatch
from branding.models import Branding, MailServer
from tenancy import door
from vault.models import HMSConnection, StripeConnection

_AGENCY = "slug portal_is_on portal_on_since exchange_rates welcome_credits asks_again_above_credits created_at"
_BRAND = """
    company_name primary_color accent_color support_email privacy_url terms_url imprint_url login_title login_text
    language light_or_dark
"""
_STRIPE = """
    publishable_key secret_key_mask webhook_secret_mask livemode account_id business_name checkout_options
    test_call_seconds
"""
_HMS = "api_key_mask organization_id organization_name template_assistant_id seconds_left checked_at"
_MAIL = "host port security username from_address proved_at"
_WATCH = "low_seconds low_days floor_percent stops_selling"


def files(agency_id: int) -> dict[str, str]:
    """`settings.json` and `team.json` by name. Inside the agency's schema."""
    return {"settings.json": _text(_settings(agency_id)), "team.json": _text(_team(agency_id))}


def _settings(agency_id: int) -> dict[str, Any]:
    return {
        "agency": _values(Agency.objects.filter(pk=agency_id).first(), _AGENCY),
        "brand": _values(Branding.objects.filter(agency_id=agency_id).first(), _BRAND),
        "payments": _values(StripeConnection.objects.filter(agency_id=agency_id).first(), _STRIPE),
        "hms": _values(HMSConnection.objects.filter(agency_id=agency_id).first(), _HMS),
        "mail_server": _values(MailServer.objects.filter(agency_id=agency_id).first(), _MAIL),
        "minutes_alarms": _values(MinutesWatch.objects.filter(agency_id=agency_id).first(), _WATCH),
    }


def _team(agency_id: int) -> list[dict[str, Any]]:
    # People of an agency are in public; inside its schema the same table holds its clients.
    with door.leave():
        return [
            {"email": each.user.email, "name": each.user.name, "role": each.role, "since": each.created_at}
            for each in team.members(agency_id)
        ]


def _values(row: Model | None, names: str) -> dict[str, Any]:
    return {} if row is None else {name: getattr(row, name) for name in names.split()}


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, default=str, ensure_ascii=False)
