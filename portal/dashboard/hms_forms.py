"""The forms around an agency's minutes. They read what was typed; what lines and terms are is said by the core."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agencies import call_terms, watch
from agencies.models import CallTerms, MinutesWatch
from calls.models import Call

_EXAMPLES = {
    Call.Rounding.SECOND: _("Per second: 61 seconds take 61 seconds"),
    Call.Rounding.SIX_SECONDS: _("Per started 6 seconds: 61 seconds take 66"),
    Call.Rounding.HALF_MINUTE: _("Per started 30 seconds: 61 seconds take 90"),
    Call.Rounding.MINUTE: _("Per started minute: 61 seconds take 2 minutes"),
}


class WatchForm(forms.Form):
    low_minutes = forms.IntegerField(
        label=_("When fewer minutes are left than"), min_value=0, max_value=watch.MOST_MINUTES, help_text=_("0 is off.")
    )
    low_days = forms.IntegerField(
        label=_("When they last for fewer days than"),
        min_value=0,
        max_value=watch.MOST_DAYS,
        help_text=_("At the pace of the last week. 0 is off."),
    )
    floor_percent = forms.IntegerField(
        label=_("When they cover less of your clients' credits than"),
        min_value=0,
        max_value=watch.MOST_PERCENT,
        help_text=_("100 is all of them. 0 is off."),
    )
    stops_selling = forms.BooleanField(
        label=_("Sell nothing while they cover less"),
        required=False,
        help_text=_("Buyers read that no credits are sold at the moment. What they have can be used."),
    )

    def __init__(self, known: MinutesWatch, typed: Any = None) -> None:
        initial = {
            "low_minutes": known.low_seconds // 60,
            "low_days": known.low_days,
            "floor_percent": known.floor_percent,
            "stops_selling": known.stops_selling,
        }
        super().__init__(typed, initial=initial)


class TermsForm(forms.Form):
    rounding = forms.ChoiceField(
        label=_("How a call's time is counted"),
        choices=list(_EXAMPLES.items()),
        widget=forms.RadioSelect,
        help_text=_("Your clients read the rule on the receipt of each call."),
    )
    cost = forms.CharField(label=_("A minute costs you, in euros"), max_length=12)
    inbound = forms.CharField(label=_("Incoming calls"), required=False, max_length=12)
    outbound = forms.CharField(label=_("Outgoing calls"), required=False, max_length=12)
    web = forms.CharField(label=_("Calls in the browser"), required=False, max_length=12)
    from_on = forms.DateField(
        label=_("From"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Today: from this moment on. Calls that were placed before keep what held then."),
    )

    def __init__(self, held: CallTerms | None, typed: Any = None) -> None:
        rounding = held.rounding if held else call_terms.ROUNDING
        cost = held.cost_micro_per_minute if held else call_terms.COST_MICRO
        costs = held.cost_micro_of if held else {}
        initial = {"rounding": str(rounding), "cost": _typed(cost), "from_on": timezone.localdate()}
        super().__init__(typed, initial=initial | {kind: _typed(micro) for kind, micro in costs.items()})
        for name in ("cost", *call_terms.KINDS):
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """Costs in millionths of a euro; kinds that were left empty cost what every minute costs."""
        for name in ("cost", *call_terms.KINDS):
            typed = self.cleaned_data.get(name, "")
            if typed:
                try:
                    self.cleaned_data[name] = call_terms.read_cost(typed)
                except ValueError as error:
                    self.add_error(name, forms.ValidationError(str(error)))
        return self.cleaned_data

    @property
    def costs(self) -> dict[str, int]:
        """What kinds of call cost that cost something of their own."""
        typed = {kind: self.cleaned_data[kind] for kind in call_terms.KINDS}
        return {kind: micro for kind, micro in typed.items() if micro != ""}


def _typed(micro: int) -> str:
    """As people write it: 0.07."""
    whole, rest = divmod(micro, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").ljust(len(str(whole)) + 3, "0")
