"""A slug may change. The old one leads on and is kept from others for 90 days, then it is anybody's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import addresses, opening
from agencies.models import Agency
from domains import links, names, resolver
from domains.models import Domain
from follow_ups.models import FollowUp
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def hana() -> User:
    return User.objects.create_user("hana@harbour.test")


def former() -> Domain:
    return Domain.objects.get(domain="acme.portal.localhost")


def test_the_new_slugs_host_is_primary_and_the_old_one_leads_on(acme: Agency) -> None:
    assert addresses.change_slug(agency_id=acme.pk, slug="acme-voice").slug == "acme-voice"
    assert links.portal(acme.pk).startswith("http://acme-voice.portal.localhost")
    assert resolver.resolve("acme.portal.localhost").primary_host == "acme-voice.portal.localhost"
    assert not resolver.resolve("acme-voice.portal.localhost").leads_on


def test_a_change_is_seen_by_every_process_at_once(acme: Agency, django_capture_on_commit_callbacks) -> None:
    resolver.resolve("acme.portal.localhost")
    with django_capture_on_commit_callbacks(execute=True):
        addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    assert resolver.resolve("acme.portal.localhost").leads_on


def test_the_schema_keeps_its_name(acme: Agency) -> None:
    before = acme.schema_name
    assert addresses.change_slug(agency_id=acme.pk, slug="acme-voice").schema_name == before


def test_s29_a_freed_slug_is_nobodys_for_90_days(acme: Agency, hana: User) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    assert not opening.is_free("acme")
    with pytest.raises(addresses.SlugTaken):
        opening.open_agency(slug="acme", company_name="Other", owner=hana)
    ends_at = former().gives_way_at
    assert ends_at is not None
    assert timedelta(days=89) < ends_at - timezone.now() <= timedelta(days=90)
    row = FollowUp.objects.get(kind=addresses.KIND)
    assert (row.subject, row.due_at) == (str(former().pk), ends_at)
    assert addresses.give_way(domain_id=former().pk, now=ends_at - timedelta(seconds=1)) == ends_at
    assert not opening.is_free("acme")
    assert addresses.give_way(domain_id=former().pk, now=ends_at) is None
    assert opening.is_free("acme")
    assert opening.open_agency(slug="acme", company_name="Other", owner=hana).slug == "acme"


def test_another_agencys_slug_cannot_be_taken(acme: Agency, globex: Agency) -> None:
    for slug in ("acme", "globex"):
        addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
        other = globex if slug == "acme" else acme
        with pytest.raises(addresses.SlugTaken):
            addresses.change_slug(agency_id=other.pk, slug=slug)
    globex.refresh_from_db()
    assert globex.slug == "globex"


def test_an_agency_may_go_back_to_its_own_slug(acme: Agency) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    addresses.change_slug(agency_id=acme.pk, slug="acme")
    assert links.portal(acme.pk).startswith("http://acme.portal.localhost")
    assert addresses.give_way(domain_id=former().pk, now=timezone.now() + timedelta(days=100)) is None
    assert resolver.resolve("acme.portal.localhost").agency == acme, "what was scheduled does nothing any more"
    assert resolver.resolve("acme-voice.portal.localhost").primary_host == "acme.portal.localhost"


def test_the_slug_it_has_already_changes_nothing(acme: Agency) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme")
    assert not FollowUp.objects.filter(kind=addresses.KIND).exists()


@pytest.mark.parametrize("slug", ["", "ab", "admin", "adm1n", "Acme", "xn--acme"])
def test_a_bad_slug_changes_nothing(acme: Agency, slug: str) -> None:
    with pytest.raises(names.BadSlug):
        addresses.change_slug(agency_id=acme.pk, slug=slug)
    acme.refresh_from_db()
    assert acme.slug == "acme"


def test_nobody_collects_slugs_by_changing_often(acme: Agency) -> None:
    for number in range(addresses.MOST_FORMER_SLUGS):
        addresses.change_slug(agency_id=acme.pk, slug=f"acme-{number}")
    with pytest.raises(addresses.ChangedTooOften, match="again from 20"):
        addresses.change_slug(agency_id=acme.pk, slug="acme-once-more")
    assert addresses.change_slug(agency_id=acme.pk, slug="acme-0").slug == "acme-0", "its own are not more than it has"


def test_a_domain_of_its_own_stays_primary(acme: Agency) -> None:
    acme.domains.update(is_primary=False)
    acme.domains.create(domain="voice.acme.test", kind="custom", state="active", is_primary=True, token="t")
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    for host in ("acme.portal.localhost", "acme-voice.portal.localhost"):
        assert resolver.resolve(host).primary_host == "voice.acme.test"


def test_an_agency_is_found_by_its_slug_and_by_its_former_one(acme: Agency) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    assert addresses.agency_id_of("acme") == addresses.agency_id_of("acme-voice") == acme.pk
    assert addresses.agency_id_of("nobody-here") is None
