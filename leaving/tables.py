"""What an archive holds: every table with its columns, each explained for whoever opens it years later.

Nothing sealed is named here, so no secret can get in. Numbers of callers are covered but for their end.
"""

from uuid import UUID

from billing.models import Dispute, LedgerEntry, Package, Purchase, Refund
from calls.models import Call
from clients.models import Client, ClientMember
from leaving import public_tables
from leaving.columns import TIME, Column, Table, columns
from organizations.models import Document, Organization


def of(client_id: UUID | None) -> list[Table]:
    """The tables of an archive: all of them, or those that hold something of one client."""
    everything = (*_TABLES, *public_tables.TABLES)
    return [table for table in everything if client_id is None or table.of_client]


def covered(number: str) -> str:
    """A caller's number with nothing to read but its last four digits."""
    return f"••••{number[-4:]}" if len(number) > 6 else "••••" if number else ""


_TABLES: tuple[Table, ...] = (
    Table(
        "clients",
        Client,
        "Your clients, with what they have. Every other file names a client by the id here.",
        columns(
            id="the client",
            name="as they call themselves",
            email="where receipts go",
            state="active or suspended",
            limits="what you allow them, as JSON; what is not set is as usual",
            signed_up_at=f"created_at: {TIME}",
            balance_seconds="wallet__balance: 60 seconds are one credit",
            held_seconds="wallet__held: set aside for running calls",
            entries="wallet__version: how many movements led to this balance",
        ),
        of_client="pk",
    ),
    Table(
        "people",
        ClientMember,
        "Who signs in for a client.",
        columns(
            client="client_id: the client",
            email="user__email: what they sign in with",
            name="user__name: as they call themselves",
            role="owner or member",
            is_active="user__is_active: whether they may sign in",
            signed_up_at=f"user__created_at: {TIME}",
            last_signed_in_at=f"user__last_login: {TIME}",
        ),
        of_client="client_id",
    ),
    Table(
        "organizations",
        Organization,
        "Each client's organization at HMS. Its key is not in this archive: HMS makes new ones.",
        columns(
            id="the organization, here",
            client="client_id: the client",
            hms_id="its id at HMS",
            hms_name="its name at HMS",
            state="how it stands",
            content_days="how many days HMS keeps what was said; empty: never set here",
            metadata_days="how many days HMS keeps who called; empty: never set here",
            wanted_at=TIME,
            equipped_at=f"when its first assistant stood; {TIME}",
        ),
        of_client="client_id",
    ),
    Table(
        "statements",
        LedgerEntry,
        "Every movement of every balance, in the order in which it was booked. Nothing was ever changed or removed.",
        columns(
            client="wallet_id: the client",
            number="version: counts from 1 for each client, without gaps",
            seconds="amount: what came in, or went out below zero",
            balance_seconds="balance_after: the balance after it",
            kind="what it was",
            source="who said so",
            source_id="under which id; of a call it is a hash",
            is_live="livemode: false for test credits",
            actor="who did it, as JSON",
            reason="what was written with it",
            happened_at=f"event_at: {TIME}",
            booked_at=f"created_at: {TIME}",
            digest="SHA-256 over this movement and the one before it, in hexadecimal",
        ),
        of_client="wallet_id",
        key=("wallet_id", "version"),
    ),
    Table(
        "purchases",
        Purchase,
        "Every attempt to buy a package, paid or not.",
        columns(
            id="the purchase",
            client="client_id: the client",
            package="package_id: what was bought",
            package_name="as it was called then",
            seconds="what it gave; 60 are one credit",
            price_minor="price in the smallest unit: cents",
            currency="of all amounts of this purchase",
            paid_minor="what was charged, with tax and discount; empty while nothing was",
            tax_minor="of that, tax",
            discount_minor="what was taken off",
            state="how it stands",
            problem="what did not fit",
            is_live="livemode: false for a test",
            stripe_session="stripe_session_id: at Stripe",
            stripe_payment="stripe_payment_intent_id: at Stripe",
            bought_by="created_by: who pressed the button",
            begun_at=f"created_at: {TIME}",
            paid_at=TIME,
            history="every state and when, as JSON",
        ),
        of_client="client_id",
    ),
    Table(
        "refunds",
        Refund,
        "Money given back.",
        columns(
            id="the refund",
            purchase="purchase_id: of which purchase",
            stripe_refund="stripe_refund_id: at Stripe",
            amount_minor="in the smallest unit",
            currency="of the amount",
            state="how it stands",
            reason="what was written with it",
            asked_by="who asked for it here, as JSON",
            made_at=f"created_at: {TIME}",
        ),
        of_client="purchase__client_id",
    ),
    Table(
        "disputes",
        Dispute,
        "Purchases that a bank took back, or tried to.",
        columns(
            id="the dispute",
            purchase="purchase_id: of which purchase",
            stripe_dispute="stripe_dispute_id: at Stripe",
            amount_minor="in the smallest unit",
            currency="of the amount",
            status="Stripe's word",
            withdrawn_minor="what Stripe took",
            reinstated_minor="what Stripe gave back",
            made_at=f"created_at: {TIME}",
        ),
        of_client="purchase__client_id",
    ),
    Table(
        "calls",
        Call,
        "Every call. What was said is at HMS.",
        (
            *columns(
                id="the call",
                client="organization__client_id: the client",
                placed_at=TIME,
                started_at=f"when it was answered; {TIME}",
                ended_at=TIME,
                direction="inbound, outbound or web",
                own_number="the client's number",
                assistant="assistant_name: who spoke",
                status="HMS's word",
                end_reason="HMS's word",
                seconds_talked="measured_seconds: as HMS measured it; empty while it is not known",
                seconds_billed="billed_seconds: what the balance lost",
                rounded_to_seconds="rounding: to which step it was rounded up",
                ledger_id="ledger_key: its source_id in statements.csv",
            ),
            Column("number", "customer_number", "the other side's number; only its end is readable", covered),
        ),
        of_client="organization__client_id",
    ),
    Table(
        "packages",
        Package,
        "What you sell.",
        columns(
            id="the package",
            name="what it is called",
            description="what stands below",
            credits="what it gives",
            lifetime_days="after how many days they expire; empty: never",
            price_minor="in the smallest unit: cents",
            currency="of the price",
            is_on_sale="is_active: whether it can be bought",
            is_hidden="whether it stands in the shop",
            is_recommended="whether it is marked",
            stripe_product="stripe_product_id: at Stripe",
            stripe_price="stripe_price_id: at Stripe",
            made_at=f"created_at: {TIME}",
        ),
    ),
    Table(
        "documents",
        Document,
        "What clients' assistants look things up in. The text is in document_texts.csv.",
        columns(
            id="the document",
            client="organization__client_id: the client",
            name="of the file",
            kind="text, markdown or pdf",
            language="of the text",
            size_bytes="of the file",
            state="whether it could be read",
            added_by="who added it",
            added_at=f"created_at: {TIME}",
        ),
        of_client="organization__client_id",
        also=(("whole", None),),
    ),
    Table(
        "document_texts",
        Document,
        "The text of the documents, in pieces.",
        columns(
            document="whole_id: of which document",
            position="where the piece stands",
            section="the heading above it",
            text="what it says",
        ),
        of_client="organization__client_id",
        also=(("whole__isnull", False),),
    ),
)
