"""What stands in the log, in words: a short sentence for each thing that can be done, and what is different."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import AuditEntry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WORDS: dict[str, "_StrPromise"] = {
    "agency.closed": gettext_lazy("Closed the agency"),
    "agency.kept": gettext_lazy("Took the closing of the agency back"),
    "alerts.line_changed": gettext_lazy("Changed when a client's credits are low"),
    "attention.resolved": gettext_lazy("Resolved what did not add up"),
    "brand.changed": gettext_lazy("Changed the brand"),
    "call.ended": gettext_lazy("Ended a call"),
    "checkout.changed": gettext_lazy("Changed how Checkout behaves"),
    "client.erased": gettext_lazy("Had a client erased"),
    "client.invitation_withdrawn": gettext_lazy("Withdrew the invitation of a client"),
    "client.invited": gettext_lazy("Invited somebody to become a client"),
    "client.invited_again": gettext_lazy("Sent an invitation to a client again"),
    "client.visit_asked": gettext_lazy("Asked to look as a client"),
    "client.visit_begun": gettext_lazy("Looked as a client"),
    "client.visit_ended": gettext_lazy("Ended looking as a client"),
    "client.joined": gettext_lazy("Became a client by an invitation"),
    "client.reactivated": gettext_lazy("Let a suspended client call again"),
    "client.suspended": gettext_lazy("Suspended a client"),
    "credits.allocated": gettext_lazy("Gave or took credits by hand"),
    "credits.undone": gettext_lazy("Undid an allocation"),
    "delivery.repeated": gettext_lazy("Sent a message to a client's webhook again"),
    "dispute.lifted": gettext_lazy("Let calls start in spite of a dispute"),
    "domain.added": gettext_lazy("Added a domain"),
    "domain.looked_at": gettext_lazy("Had a domain looked at"),
    "domain.made_primary": gettext_lazy("Made a domain the main address"),
    "domain.released": gettext_lazy("Released a domain"),
    "endpoint.changed": gettext_lazy("Changed a client's webhook"),
    "endpoint.removed": gettext_lazy("Removed a client's webhook"),
    "export.audit": gettext_lazy("Exported the audit log"),
    "export.calls": gettext_lazy("Exported calls"),
    "export.client": gettext_lazy("Had everything of a client written into an archive"),
    "export.clients": gettext_lazy("Exported clients"),
    "export.everything": gettext_lazy("Had everything written into an archive"),
    "export.fetched": gettext_lazy("Downloaded the archive"),
    "export.purchases": gettext_lazy("Exported purchases"),
    "export.statement": gettext_lazy("Exported a statement"),
    "hms.alarms_changed": gettext_lazy("Changed the alarms for minutes"),
    "hms.connected": gettext_lazy("Changed the HMS key"),
    "hms.template_chosen": gettext_lazy("Chose what new clients begin with"),
    "limits.changed": gettext_lazy("Changed what a client may use"),
    "mail_server.changed": gettext_lazy("Changed the agency's own mail server"),
    "mail_server.removed": gettext_lazy("Removed the agency's own mail server"),
    "note.struck": gettext_lazy("Struck out a note about a client"),
    "note.written": gettext_lazy("Wrote a note about a client"),
    "organization.key_pasted": gettext_lazy("Pasted the key of a client's organization"),
    "organization.retried": gettext_lazy("Had a client's organization tried again"),
    "package.added": gettext_lazy("Added a package"),
    "package.changed": gettext_lazy("Changed a package"),
    "package.moved": gettext_lazy("Moved a package"),
    "picture.asked": gettext_lazy("Asked for another picture"),
    "picture.removed": gettext_lazy("Removed a picture"),
    "portal.switched": gettext_lazy("Switched the portal on or off"),
    "prices.changed": gettext_lazy("Changed what a client pays"),
    "purchase.refunded": gettext_lazy("Refunded a purchase"),
    "rate.changed": gettext_lazy("Changed an exchange rate"),
    "remedy.pressed": gettext_lazy("Did something about what did not work"),
    "retention.changed": gettext_lazy("Changed how long a client's calls are kept"),
    "slug.changed": gettext_lazy("Changed the portal's address"),
    "stripe.connected": gettext_lazy("Changed the Stripe keys"),
    "stripe.webhook_made": gettext_lazy("Had the Stripe webhook set up"),
    "terms.changed": gettext_lazy("Changed the terms of calls"),
    "terms.withdrawn": gettext_lazy("Withdrew planned terms of calls"),
    "test_calls.allowed": gettext_lazy("Changed how much test calls may use"),
    "token.changed": gettext_lazy("Made an API token"),
    "token.revoked": gettext_lazy("Revoked an API token"),
    "welcome.changed": gettext_lazy("Changed what new clients get"),
    # Inside a client's organization.
    "analyses.drop": gettext_lazy("Removed an analysis"),
    "analyses.edit": gettext_lazy("Changed an analysis"),
    "analyses.new": gettext_lazy("Added an analysis"),
    "assistants.as_template": gettext_lazy("Made an assistant the template"),
    "assistants.connect": gettext_lazy("Connected an assistant with the portal"),
    "assistants.drop": gettext_lazy("Removed an assistant"),
    "assistants.edit": gettext_lazy("Changed an assistant"),
    "assistants.from_template": gettext_lazy("Made an assistant from the template"),
    "assistants.new": gettext_lazy("Added an assistant"),
    "assistants.tools": gettext_lazy("Chose what an assistant may use"),
    "campaigns.add_leads": gettext_lazy("Added leads to a campaign"),
    "campaigns.drop": gettext_lazy("Removed a campaign"),
    "campaigns.edit": gettext_lazy("Changed a campaign"),
    "campaigns.new": gettext_lazy("Added a campaign"),
    "campaigns.pause": gettext_lazy("Paused a campaign"),
    "campaigns.start": gettext_lazy("Started a campaign"),
    "integrations.drop": gettext_lazy("Removed a tool of the client's own system"),
    "integrations.edit": gettext_lazy("Changed a tool of the client's own system"),
    "integrations.new": gettext_lazy("Added a tool of the client's own system"),
    "integrations.spread": gettext_lazy("Told assistants what a tool is now"),
    "integrations.try_it": gettext_lazy("Tried a tool of the client's own system"),
    "knowledge.added": gettext_lazy("Added a document"),
    "knowledge.offered": gettext_lazy("Let an assistant look things up in the documents"),
    "knowledge.removed": gettext_lazy("Removed a document"),
    "knowledge.withdrawn": gettext_lazy("Let an assistant look nothing up any more"),
    "mcp.drop": gettext_lazy("Removed an MCP server"),
    "mcp.edit": gettext_lazy("Changed an MCP server"),
    "mcp.new": gettext_lazy("Added an MCP server"),
    "numbers.drop": gettext_lazy("Removed a number"),
    "numbers.edit": gettext_lazy("Changed a number"),
    "numbers.new": gettext_lazy("Added a number"),
    "providers.drop": gettext_lazy("Removed a provider's key"),
    "providers.edit": gettext_lazy("Changed a provider's key"),
    "providers.new": gettext_lazy("Added a provider's key"),
    "tools.drop": gettext_lazy("Removed a tool template"),
    "tools.edit": gettext_lazy("Changed a tool template"),
    "tools.new": gettext_lazy("Added a tool template"),
    "trunks.drop": gettext_lazy("Removed a SIP trunk"),
    "trunks.new": gettext_lazy("Added a SIP trunk"),
    "voices.drop": gettext_lazy("Removed a voice"),
    "voices.edit": gettext_lazy("Changed a voice"),
    "voices.new": gettext_lazy("Added a voice"),
    "workflows.drop": gettext_lazy("Removed a workflow"),
    "workflows.edit": gettext_lazy("Changed a workflow"),
    "workflows.new": gettext_lazy("Added a workflow"),
    # People.
    "member.signed_in": gettext_lazy("Signed in"),
    "notifications.chosen": gettext_lazy("Chose which notifications are mailed to them"),
    "ownership.answered": gettext_lazy("Answered the offer of the agency"),
    "ownership.offered": gettext_lazy("Offered the agency to somebody"),
    "second_factor.added": gettext_lazy("Set up a second factor"),
    "second_factor.codes_made": gettext_lazy("Made new recovery codes"),
    "second_factor.removed": gettext_lazy("Removed their second factor"),
    "second_factor.reset": gettext_lazy("Had a second factor taken away"),
    "session.all_ended": gettext_lazy("Signed out everywhere"),
    "session.ended": gettext_lazy("Signed out of another place"),
    "team.bound_changed": gettext_lazy("Changed from how many credits on we ask again"),
    "team.invitation_revoked": gettext_lazy("Took an invitation back"),
    "team.invited": gettext_lazy("Invited somebody to the team"),
    "team.invited_again": gettext_lazy("Sent an invitation again"),
    "team.joined": gettext_lazy("Joined the team"),
    "team.left": gettext_lazy("Left the team"),
    "team.removed": gettext_lazy("Removed somebody from the team"),
    "team.role_changed": gettext_lazy("Changed somebody's role"),
}


def of(what: str) -> str:
    """The sentence for an action; its name for one that nobody does any more."""
    return str(WORDS.get(what, what))


def changes(entry: AuditEntry) -> list[tuple[str, str]]:
    """What is different, one line each: a name, and `before → after`."""
    was, is_now = dict(_flat(entry.before)), dict(_flat(entry.after))
    lines = []
    for name in {**was, **is_now}:
        told = [_said(side[name]) for side in (was, is_now) if name in side]
        lines.append((name.replace("_", " "), " → ".join(told) if name in is_now else f"{told[0]} → {_('gone')}"))
    return lines


def _flat(values: dict[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{inside}{name}: ")
        else:
            yield f"{inside}{name}", value


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("nothing")
    return _("nothing") if value in (None, "", {}) else str(value)
