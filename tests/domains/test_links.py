import pytest

from agencies.models import Agency
from domains import links

pytestmark = pytest.mark.django_db


def test_the_port_is_shown_only_where_there_is_one(settings) -> None:
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", ""
    assert links.platform("/x/") == "https://portal.localhost/x/"
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "http", "8000"
    assert links.platform() == "http://portal.localhost:8000/"


def test_a_portal_is_linked_under_its_primary_domain(acme: Agency, settings) -> None:
    settings.PUBLIC_PORT = ""
    assert links.portal(acme.pk) == "http://acme.portal.localhost/"
    acme.domains.update(is_primary=False)
    acme.domains.create(domain="voice.acme.test", is_primary=True)
    assert links.portal(acme.pk, "/buy/") == "http://voice.acme.test/buy/"
