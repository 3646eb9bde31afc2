"""Every table and its side. A new table is added here on purpose, with the side it belongs to."""

import pytest
from django.db import connection

from agencies.models import Agency

pytestmark = pytest.mark.django_db

BOTH = """
    people_user account_emailaddress account_emailconfirmation mfa_authenticator django_migrations
"""
PUBLIC = """
    agencies_agency agencies_callterms agencies_clientinvitation agencies_clientnote agencies_clientvisit
    agencies_discrepancy
    agencies_invitation agencies_membership
    agencies_membersession agencies_minutesreading agencies_minuteswatch agencies_ownershipoffer agencies_straycall
    audit_auditentry audit_audithead branding_branding branding_leakcheck branding_mailserver branding_picture
    domains_domain follow_ups_followup inbox_hmsendpoint inbox_hmsevent inbox_stripeevent leaving_erasure leaving_export
    notifications_copy notifications_notification vault_apitoken vault_datakey vault_hmsconnection
    vault_stripeconnection
    auth_group auth_group_permissions auth_permission django_admin_log django_content_type django_session
"""
AGENCY = """
    billing_conflict billing_dispute billing_ledgerentry billing_lot billing_package billing_purchase billing_refund
    billing_wallet
    calls_call calls_hold
    clients_client clients_clientmember organizations_delivery organizations_document organizations_organization
"""
SIDES = {
    **dict.fromkeys(BOTH.split(), "both"),
    **dict.fromkeys(PUBLIC.split(), "public"),
    **dict.fromkeys(AGENCY.split(), "agency"),
}


def ask(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def tables(schema: str) -> set[object]:
    rows = ask("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = %s::regnamespace", schema)
    return {name for (name,) in rows}


def on(*sides: str) -> set[str]:
    return {table for table, side in SIDES.items() if side in sides}


def test_public_has_its_tables_and_those_of_both_sides() -> None:
    assert tables("public") == on("public", "both")


def test_an_agency_has_its_tables_and_those_of_both_sides(acme: Agency) -> None:
    assert tables(acme.schema_name) == on("agency", "both")


def test_an_agencys_schema_stays_small(acme: Agency) -> None:
    relations = """
        WITH own AS (SELECT oid, relkind, reltoastrelid FROM pg_class WHERE relnamespace = %s::regnamespace)
        SELECT count(*) FILTER (WHERE relkind = 'r'),
               count(*) + (SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT reltoastrelid FROM own))
                        + count(*) FILTER (WHERE reltoastrelid <> 0) FROM own"""
    ((number_of_tables, number_of_relations),) = ask(relations, acme.schema_name)
    assert number_of_tables <= 20
    assert number_of_relations <= 120


def test_no_foreign_key_leaves_its_schema(acme: Agency) -> None:
    pairs = ask("""
        SELECT k.conname, a.relnamespace = b.relnamespace FROM pg_constraint k
          JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid WHERE k.contype = 'f'""")
    assert len(pairs) > 20
    assert [name for name, stays in pairs if not stays] == []


def test_nothing_of_an_agency_mentions_another_schema(acme: Agency) -> None:
    """Functions and triggers name no schema: they work on whatever schema they stand in."""
    sources = ask("SELECT prosrc FROM pg_proc WHERE pronamespace = %s::regnamespace", acme.schema_name)
    assert sources
    assert not [source for (source,) in sources if "public." in str(source) or "a_" + str(acme.pk) in str(source)]
