"""Package, Purchase, Refund, Dispute, Wallet, LedgerEntry, Lot, Conflict. Seconds and minor units are whole numbers.

Entries are written by `billing.ledger` alone and a wallet follows its entries: triggers (`ledger.sql`) refuse the rest.
"""

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Client


class Currency(models.TextChoices):
    EUR = "eur", "EUR"
    USD = "usd", "USD"
    GBP = "gbp", "GBP"


class Package(models.Model):
    """What clients can buy. Editing it never touches a purchase: a purchase keeps its own copy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=200, blank=True)
    # 0 for something that is sold without credits: a set-up fee, custom work.
    credits = models.PositiveIntegerField(_("credits"))
    # After how many days what is left of the credits expires; null for never.
    lifetime_days = models.PositiveSmallIntegerField(_("lifetime"), null=True)
    price_minor = models.PositiveIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.EUR)
    is_active = models.BooleanField(_("on sale"), default=True)
    # On sale, and found only by those who have its address.
    is_hidden = models.BooleanField(_("hidden"), default=False)
    is_recommended = models.BooleanField(_("recommended"), default=False)
    position = models.PositiveIntegerField(default=0)
    stripe_product_id = models.CharField(max_length=64, blank=True)
    stripe_price_id = models.CharField(max_length=64, blank=True)
    # When Stripe last said that the price is active, one-time and equal to ours; null while it is not proved.
    price_proved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "price_minor"]
        constraints = [
            models.CheckConstraint(condition=models.Q(price_minor__gt=0), name="package_has_a_price"),
            models.CheckConstraint(
                condition=models.Q(lifetime_days=None) | models.Q(lifetime_days__gt=0, credits__gt=0),
                name="package_lifetime_is_of_credits",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Purchase(models.Model):
    """One attempt to buy one package, with a copy of what was offered."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Not paid")
        ABANDONED = "abandoned", _("Cancelled")
        PARTLY_REFUNDED = "partly_refunded", _("Partly refunded")
        REFUNDED = "refunded", _("Refunded")
        DISPUTED = "disputed", _("Disputed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="purchases")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="purchases")
    package_name = models.CharField(max_length=80)
    # 0 for what is sold without credits: paid, and nothing is posted.
    seconds = models.PositiveBigIntegerField()
    lifetime_days = models.PositiveSmallIntegerField(null=True)
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, choices=Currency)
    livemode = models.BooleanField()
    # Stripe's price; empty for a price of the client's own, which the payment page names with its product instead.
    stripe_price_id = models.CharField(max_length=64)
    stripe_product_id = models.CharField(max_length=64, blank=True)
    # Stripe's id of the account that it is paid in; empty where the key does not say whose it is.
    stripe_account_id = models.CharField(max_length=64, blank=True)
    # Of the form that started it: a double click starts one purchase.
    form_token = models.UUIDField(unique=True, default=uuid.uuid4)
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    # In words for the agency: why it failed, or what does not fit and needs a look.
    problem = models.CharField(max_length=300, blank=True)
    # Null until Stripe has answered. The money may be on its way with the session complete (bank debits).
    stripe_session_id = models.CharField(max_length=255, null=True, unique=True)
    stripe_session_url = models.TextField(blank=True)
    stripe_payment_intent_id = models.CharField(max_length=255, blank=True, db_index=True)
    awaiting_bank = models.BooleanField(default=False)
    # What came in, with taxes and discounts: refunds are measured against it. Null for one credited before it was kept.
    paid_minor = models.PositiveIntegerField(null=True)
    discount_minor = models.PositiveIntegerField(default=0)
    tax_minor = models.PositiveIntegerField(default=0)
    # Stripe's own receipt or invoice, where there is one; and when ours was sent.
    receipt_url = models.TextField(blank=True)
    receipt_sent_at = models.DateTimeField(null=True)
    # Every state it came into after PENDING, oldest first: [{"state", "at"}]. Written by `move_to` alone.
    history = models.JSONField(default=list)
    created_by = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["client", "-created_at"], name="purchase_latest")]

    def __str__(self) -> str:
        return f"{self.package_name} {self.id}"

    @property
    def is_free(self) -> bool:
        """Whether a promotion made it cost nothing."""
        return self.paid_at is not None and self.paid_minor == 0

    def may_be_in(self, account_id: str) -> bool:
        """Whether this Stripe account may have its payment; one that is not known ("") may."""
        return account_id in ("", self.stripe_account_id) or not self.stripe_account_id

    def move_to(self, state: "Purchase.State", at: datetime | None = None) -> None:
        """Change the state and remember when, under the lock; the caller saves. Nothing when it is so already."""
        if self.state != state:
            self.state = state
            self.history = [*self.history, {"state": state.value, "at": (at or timezone.now()).isoformat()}]


class Refund(models.Model):
    """Money of a purchase given back, as far as Stripe has ever told: its state only moves on."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        REQUIRES_ACTION = "requires_action", _("Waiting for the client")
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Refunded")
        CANCELED = "canceled", _("Cancelled")
        FAILED = "failed", _("Failed")
        REFUSED = "refused", _("Refused by Stripe")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="refunds")
    # Null while Stripe has not answered to what was asked for here.
    stripe_refund_id = models.CharField(max_length=255, null=True, unique=True)
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=20, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    # Who asked for it here, and with which form; empty and null for one made at Stripe.
    asked_by = models.JSONField(default=dict)
    form_token = models.UUIDField(null=True, unique=True)
    # What it takes from the wallet now, and how many entries that took so far.
    seconds = models.PositiveBigIntegerField(default=0)
    bookings = models.PositiveIntegerField(default=0)
    # At Stripe, once Stripe has told.
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}, {self.state}"

    @property
    def stripe_id(self) -> str:
        return self.stripe_refund_id or ""

    @property
    def returned_minor(self) -> int:
        """Money that is not with the agency any more because of it."""
        gone = (self.State.REQUIRES_ACTION, self.State.PENDING, self.State.SUCCEEDED)
        return self.amount_minor if self.state in gone else 0


class Dispute(models.Model):
    """A buyer's bank against a purchase, as far as Stripe has ever told: money and status only move on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=255, unique=True)
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    # Stripe's word; one that is not known yet is a value like any other.
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=80, blank=True)
    withdrawn_minor = models.PositiveIntegerField(default=0)
    reinstated_minor = models.PositiveIntegerField(default=0)
    # When, and by whom of the agency, the client was allowed to start calls again in spite of it.
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.JSONField(default=dict)
    # What it takes from the wallet now, and how many entries that took so far.
    seconds = models.PositiveBigIntegerField(default=0)
    bookings = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}, {self.status}"

    @property
    def stripe_id(self) -> str:
        return self.stripe_dispute_id

    @property
    def returned_minor(self) -> int:
        """Money that is not with the agency any more because of it."""
        return max(self.withdrawn_minor - self.reinstated_minor, 0)


class Wallet(models.Model):
    """What a client has. A cache of its entries, changed only together with one."""

    client = models.OneToOneField(Client, on_delete=models.PROTECT, primary_key=True, related_name="wallet")
    # Sum of the entries, in seconds; below zero when a call used more than there was.
    balance = models.BigIntegerField(default=0)
    # Set aside for running calls. Available is balance minus held.
    held = models.BigIntegerField(default=0)
    # Number of entries.
    version = models.BigIntegerField(default=0)
    # Digest of the newest entry; the next one builds on it.
    digest = models.BinaryField(default=bytes(32))
    # `created_at` of the newest entry: the next one is never older, whatever the clock says.
    last_entry_at = models.DateTimeField(null=True, editable=False)
    # Up to which entry the lots are laid out.
    lots_version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(held__gte=0), name="wallet_held_is_not_negative")]

    def __str__(self) -> str:
        return f"{self.balance} s"

    @property
    def available(self) -> int:
        """Seconds that a new call could take."""
        return self.balance - self.held


# Which way the kinds of entries go. ledger_amount_fits() in ledger.sql has the same.
ADDING = ["dispute_won", "purchase", "refund_reversal", "welcome"]
TAKING = ["dispute", "expiry", "refund", "usage"]
EITHER = ["allocation", "reversal", "test_reversal", "usage_correction"]


class LedgerEntry(models.Model):
    """One signed movement of seconds. Never changed, never deleted: a correction is another entry."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("Purchase")
        ALLOCATION = "allocation", _("Allocation")
        USAGE = "usage", _("Call")
        USAGE_CORRECTION = "usage_correction", _("Call corrected")
        REFUND = "refund", _("Refund")
        REFUND_REVERSAL = "refund_reversal", _("Refund reversed")
        DISPUTE = "dispute", _("Dispute")
        DISPUTE_WON = "dispute_won", _("Dispute won")
        WELCOME = "welcome", _("Welcome credit")
        EXPIRY = "expiry", _("Expired")
        TEST_REVERSAL = "test_reversal", _("Test credits removed")
        REVERSAL = "reversal", _("Reversal")

    pk = models.CompositePrimaryKey("wallet", "version")
    # The trigger that moves the wallet proves that there is one, for a whole batch at once: a constraint asks for each.
    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    version = models.BigIntegerField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    # Who says so ("stripe", "hms", "agency") and under which id: with the kind, the key of idempotency.
    source = models.CharField(max_length=20)
    source_id = models.CharField(max_length=300)
    # SHA-256 of the outside fact; the same key with another fact is a Conflict.
    fact_hash = models.BinaryField()
    livemode = models.BooleanField()
    # Who did it: {"kind", "id", "email"} as they were then.
    actor = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()
    digest = models.BinaryField()

    class Meta:
        # That the amount fits the kind is a constraint as well, in ledger.sql.
        constraints = [
            models.UniqueConstraint(fields=["kind", "source", "source_id"], name="ledger_entry_once_per_fact")
        ]
        # Each entry is in one of the two: a statement of one kind or direction reads its own stretch of them alone.
        indexes = [
            models.Index(
                fields=["wallet", "kind", "version"],
                include=["amount"],
                condition=models.Q(amount__gt=0),
                name="ledger_entry_adding",
            ),
            models.Index(
                fields=["wallet", "kind", "version"], condition=models.Q(amount__lt=0), name="ledger_entry_taking"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} s, {self.kind}"


class Lot(models.Model):
    """What is left of one entry that added credits: laid out from the ledger by billing.lots, never a source of it."""

    pk = models.CompositePrimaryKey("wallet", "version")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="lots", db_index=False)
    # Of the entry that added it.
    version = models.BigIntegerField()
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    livemode = models.BooleanField()
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, related_name="lots", db_index=False)
    # Null for credits that stay.
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(remaining__gte=0) & models.Q(remaining__lte=models.F("amount")),
                name="lot_remaining_is_within_its_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.amount} s"


class Conflict(models.Model):
    """A key that came back with another fact. Nothing was booked; somebody has to look."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="conflicts")
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    source_id = models.CharField(max_length=300)
    amount = models.BigIntegerField()
    fact_hash = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "source", "source_id", "fact_hash"], name="conflict_once_per_fact")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} {self.source_id}"
