"""Every address of a dashboard that takes a POST writes into the agency's log, or stands here with why it does not.

A new one fails until somebody has decided. What the entries say is tested beside the views.
"""

import pytest

from agencies.models import Agency
from portal.dashboard import audit_words
from tests.isolation.test_every_url import MEMBER, PLATFORM, address, names, protected
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

CHANGES_NOTHING = {
    "dashboard:attention_look": "asks for one more comparison",
    "dashboard:brand_leaks_start": "looks for names once more",
    "dashboard:brand_mail_test": "has a mail sent to whoever asks",
    "dashboard:client_three_way": "reads, by a form because it takes a while",
    "dashboard:hms_compare": "asks for one more comparison",
    "dashboard:hms_refresh": "reads what is left at HMS",
    "dashboard:notification_read": "marks what one has read oneself",
    "dashboard:notifications_read": "marks what one has read oneself",
    "dashboard:organization_knowledge_try": "shows what an assistant would hear",
    "dashboard:organization_mcp_test": "has HMS look whether it reaches a server",
    "dashboard:payments_webhook_test": "has Stripe say something",
}
EXPORTS = {
    "dashboard:audit_csv",
    "dashboard:calls_csv",
    "dashboard:client_statement_csv",
    "dashboard:clients_csv",
    "dashboard:purchases_csv",
}


def test_every_change_is_logged(acme: Agency, cast: Cast) -> None:
    ada = cast.on_platform("ada")
    ids = {"slug": acme.slug, **cast.ids_of_acme}
    takes_post = {
        name: pattern.callback
        for name, pattern in protected("portal.urls_platform", PLATFORM, MEMBER)
        if ada.post(address("portal.urls_platform", name, pattern, ids)).status_code != 405
    }
    silent = {name for name, view in takes_post.items() if not getattr(view, "audited", "")}
    assert silent == set(CHANGES_NOTHING)


def test_every_export_is_logged() -> None:
    views = {name: pattern.callback for name, pattern in names("portal.urls_platform")}
    assert {name for name in views if name.startswith("dashboard:") and name.endswith("_csv")} == EXPORTS
    assert all(getattr(views[name], "audited", "") for name in EXPORTS)


def test_everything_in_the_log_has_words() -> None:
    said = {getattr(pattern.callback, "audited", "") for _name, pattern in names("portal.urls_platform")} - {""}
    assert said <= set(audit_words.WORDS)
