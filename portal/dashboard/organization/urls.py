"""Addresses inside a client's organization, below clients/<id>/organization/."""

from django.urls import path

from portal.dashboard.organization.assistants import Assistants
from portal.dashboard.organization.place import switch

NOUNS = (Assistants(),)

urlpatterns = [
    path("clients/organization/", switch, name="organization_switch"),
    *(each for noun in NOUNS for each in noun.paths()),
]
