"""The forms of the team."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Membership

ROLES = (
    (Membership.Role.VIEWER.value, _("Viewer: sees everything, changes nothing")),
    (Membership.Role.MANAGER.value, _("Manager: works with clients, credits and packages")),
    (Membership.Role.OWNER.value, _("Owner: decides on keys, address and team as well")),
)


class InviteForm(forms.Form):
    """Who is asked to join, and as what."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={"required": _("Type the address of whom you want to invite.")},
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Membership.Role.MANAGER.value)


class RoleForm(forms.Form):
    """Another role for somebody who is here."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


class BoundForm(forms.Form):
    """From how many credits on we ask again who it is."""

    credits = forms.IntegerField(
        label=_("Ask again above this many credits"),
        help_text=_("For giving or taking by hand, at once. 0 asks every time."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
