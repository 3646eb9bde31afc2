"""What public knows of an agency, as tables of an archive. What is sealed is named nowhere, so it cannot get in."""

from agencies.models import CallTerms, Discrepancy, Invitation, MinutesReading, StrayCall
from audit.models import AuditEntry
from domains.models import Domain
from inbox.models import HmsEndpoint
from leaving.columns import TIME, Table, columns
from vault.models import ApiToken

TABLES: tuple[Table, ...] = (
    Table(
        "endpoints",
        HmsEndpoint,
        "Where clients want to hear of their calls. Secrets are not in this archive.",
        columns(
            organization="organization_id: of which organization",
            address="target_url: empty: nowhere",
            signed_with="target_secret_mask: the mask of the secret",
            events="target_events: which events, as JSON",
            last_report_at=f"last_event_at: when HMS last told us something; {TIME}",
        ),
        of_agency="agency_id",
    ),
    Table(
        "api_tokens",
        ApiToken,
        "Clients' tokens. Nobody can read a token, here or elsewhere: only its mask.",
        columns(
            client="client_id: the client",
            name="what it is for",
            mask="what may be shown of it",
            scopes="what it lets a program do, as JSON",
            made_by="created_by: as JSON",
            made_at=f"created_at: {TIME}",
            last_used_at=TIME,
            revoked_at=TIME,
        ),
        of_agency="agency_id",
        of_client="client_id",
    ),
    Table(
        "audit",
        AuditEntry,
        "Who did what on the dashboard. Each line's digest covers the line and the one before it.",
        columns(
            number="counts from 1, without gaps",
            at=TIME,
            who="actor_email: their address then",
            kind="actor_kind: member, operator or machine",
            role="actor_role: what they were then",
            action="what: what they did",
            subject="to what",
            before="what was, as JSON",
            after="what is since, as JSON",
            came_from="IP address",
            digest="SHA-256",
        ),
        of_agency="agency_id",
        key=("number",),
    ),
    Table(
        "domains",
        Domain,
        "The portal's hosts.",
        columns(
            name="domain: as DNS has it",
            kind="slug or custom",
            state="how it stands",
            is_primary="whether links are made of it",
            added_at=f"created_at: {TIME}",
            proved_at=f"verified_at: {TIME}",
        ),
        of_agency="tenant_id",
    ),
    Table(
        "invitations",
        Invitation,
        "Who was asked to join your team.",
        columns(
            email="who",
            role="as what",
            invited_by="as JSON",
            invited_at=f"created_at: {TIME}",
            accepted_at=TIME,
            revoked_at=TIME,
        ),
        of_agency="agency_id",
    ),
    Table(
        "call_terms",
        CallTerms,
        "How calls were rounded and what they cost you, from when on.",
        columns(
            from_at=TIME,
            rounded_to_seconds="rounding: the step",
            cost_micro_per_minute="in millionths of a euro: 0.07 EUR is 70000",
            cost_micro_of="for kinds of call that cost something else, as JSON",
            made_by="as JSON",
        ),
        of_agency="agency_id",
    ),
    Table(
        "minutes",
        MinutesReading,
        "Your balance at HMS at the end of each day.",
        columns(day="on: where the portal is", seconds_left="what was left"),
        of_agency="agency_id",
    ),
    Table(
        "attention",
        Discrepancy,
        "What did not add up, and how it was resolved.",
        columns(
            kind="what kind",
            subject="what it is about",
            client="client_id: where one is known",
            words="in a sentence",
            facts="as JSON",
            found_at=TIME,
            resolved_at=TIME,
            resolution="how",
        ),
        of_agency="agency_id",
        of_client="client_id",
    ),
    Table(
        "stray_calls",
        StrayCall,
        "Calls on your minutes that belong to no client. They moved no balance.",
        columns(
            why="why they are nobody's",
            organization="organization_name: which listed it",
            status="HMS's word",
            direction="inbound or outbound",
            placed_at=TIME,
            seconds_talked="measured_seconds: as HMS measured it",
        ),
        of_agency="agency_id",
    ),
)
