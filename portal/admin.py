"""The operators' admin: every agency's state to look at, never its secrets, and nothing to delete."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from agencies.models import Agency, Membership
from domains.models import Domain
from follow_ups.models import FollowUp
from inbox.models import StripeEvent
from people.models import User

admin.site.site_header = "Operators"
admin.site.site_title = "Operators"
admin.site.index_title = "State of the platform"
admin.site.enable_nav_sidebar = False


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at. Changes are made by commands, which say what they did."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Members(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    fields = ["user", "role", "created_at"]
    readonly_fields = ["user", "role", "created_at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Agency)
class AgencyAdmin(ReadOnly):
    list_display = ["slug", "company", "state", "portal_is_on", "portal_on_since", "schema_name", "created_at"]
    list_filter = ["state", "portal_is_on"]
    search_fields = ["slug", "branding__company_name"]
    list_select_related = ["branding"]
    fields = ["slug", "company", "state", "portal_is_on", "portal_on_since", "schema_name", "created_at"]
    inlines = [Members]

    @admin.display(ordering="branding__company_name")
    def company(self, agency: Agency) -> str:
        # Of an agency that was erased only its row is left.
        branding = getattr(agency, "branding", None)
        return branding.company_name if branding else ""


@admin.register(Domain)
class DomainAdmin(ReadOnly):
    list_display = ["domain", "tenant", "kind", "state", "is_primary", "created_at"]
    list_filter = ["kind", "state"]
    search_fields = ["domain", "tenant__slug"]
    list_select_related = ["tenant"]
    fields = ["domain", "tenant", "kind", "state", "is_primary", "created_at"]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly):
    list_display = ["event_id", "agency", "type", "livemode", "state", "attempts", "received_at", "settled_at", "note"]
    list_filter = ["state", "livemode", "type"]
    search_fields = ["event_id", "agency__slug"]
    list_select_related = ["agency"]
    # Without the body: it names the buyer.
    fields = [
        "event_id",
        "agency",
        "type",
        "livemode",
        "state",
        "attempts",
        "received_at",
        "settled_at",
        "note",
        "event_at",
        "api_version",
    ]


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly):
    list_display = ["agency", "kind", "subject", "due_at", "attempts", "claimed_until", "error"]
    list_filter = ["kind"]
    search_fields = ["agency__slug", "subject"]
    list_select_related = ["agency"]
    fields = ["agency", "kind", "subject", "due_at", "attempts", "claimed_until", "error"]


@admin.register(User)
class UserAdmin(ReadOnly):
    """Team members and operators: the people of public."""

    list_display = ["email", "name", "is_active", "is_operator", "last_login", "created_at"]
    list_filter = ["is_operator", "is_active"]
    search_fields = ["email", "name"]
    # Without the password's hash.
    fields = ["email", "name", "is_active", "is_operator", "last_login", "created_at"]
