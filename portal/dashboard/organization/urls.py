"""Addresses inside a client's organization, below clients/<id>/organization/."""

from django.urls import path

from portal.dashboard.organization import documents, retention
from portal.dashboard.organization.assistants import Assistants
from portal.dashboard.organization.campaigns import Campaigns
from portal.dashboard.organization.numbers import Numbers
from portal.dashboard.organization.place import switch
from portal.dashboard.organization.providers import Providers
from portal.dashboard.organization.templates import Analyses, Tools
from portal.dashboard.organization.trunks import Trunks
from portal.dashboard.organization.voices import Voices

NOUNS = (Assistants(), Numbers(), Campaigns(), Voices(), Tools(), Analyses(), Trunks(), Providers())

urlpatterns = [
    path("clients/organization/", switch, name="organization_switch"),
    *(each for noun in NOUNS for each in noun.paths()),
    *documents.paths(),
    *retention.paths(),
]
