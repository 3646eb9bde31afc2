"""Addresses inside a client's organization, below clients/<id>/organization/."""

from django.urls import path

from portal.dashboard.organization import assistant_tools, documents, retention
from portal.dashboard.organization.assistants import Assistants
from portal.dashboard.organization.campaigns import Campaigns
from portal.dashboard.organization.integrations import Integrations
from portal.dashboard.organization.mcp_servers import McpServers
from portal.dashboard.organization.numbers import Numbers
from portal.dashboard.organization.place import switch
from portal.dashboard.organization.providers import Providers
from portal.dashboard.organization.templates import Analyses, Tools
from portal.dashboard.organization.trunks import Trunks
from portal.dashboard.organization.voices import Voices
from portal.dashboard.organization.workflows import Workflows

NOUNS = (
    Assistants(),
    Numbers(),
    Campaigns(),
    Voices(),
    Integrations(),
    McpServers(),
    Workflows(),
    Tools(),
    Analyses(),
    Trunks(),
    Providers(),
)

urlpatterns = [
    path("clients/organization/", switch, name="organization_switch"),
    *(each for noun in NOUNS for each in noun.paths()),
    *assistant_tools.paths(),
    *documents.paths(),
    *retention.paths(),
]
