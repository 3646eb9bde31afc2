"""One way to list, add, change and remove what an organization has at HMS, whatever it is.

What is shown is read from HMS for the page, and what is sent is refused or taken by HMS: its complaints stand beside
the fields they are about. A row that somebody changed meanwhile is not overwritten before both versions were seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies.models import Membership
from hms_client import Forbidden, HMSClient, HMSError, NotFound
from organizations import refusals
from organizations.refusals import Refusal, WrongField
from portal.dashboard.audited import audited
from portal.dashboard.gate import asks_again
from portal.dashboard.organization.item_form import Choices, ItemForm, fingerprint
from portal.dashboard.organization.place import Place, View, enters
from portal.dashboard.roles import requires

if TYPE_CHECKING:
    from portal.dashboard.organization.fields import Words

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Press:
    """A button of a line. With a question it asks before it does anything."""

    url: str
    label: "Words"
    icon: str = ""
    question: "Words" = ""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list. `badges` are tone and words."""

    icon: str
    title: str
    meta: str = ""
    href: str = ""
    badges: Sequence[tuple[str, str]] = ()
    presses: list[Press] = field(default_factory=list)


class Resource(Generic[S]):
    """One noun of HMS's API, in words and in requests. Says what it can: a subclass fills in the rest."""

    key: ClassVar[str]
    icon: ClassVar[str]
    title: ClassVar["Words"]
    lead: ClassVar["Words"]
    # What an empty list says, and the button that adds one.
    empty: ClassVar["Words"]
    add: ClassVar["Words"] = ""
    remove: ClassVar["Words"] = ""
    removed: ClassVar["Words"] = gettext_lazy("Removed at HMS.")
    new_title: ClassVar["Words"] = ""
    # What the button below the form of a new one says.
    make: ClassVar["Words"] = gettext_lazy("Create")
    form_class: ClassVar[type[ItemForm] | None] = None
    # The form of a row that is there already, when it is another one.
    edit_form_class: ClassVar[type[ItemForm] | None] = None
    can_change: ClassVar[bool] = True
    role: ClassVar[Membership.Role] = Membership.Role.MANAGER
    form_template: ClassVar[str] = "item.html"
    # Whether changes are made by somebody who was asked lately who they are.
    asks_again: ClassVar[bool] = False

    def collection(self, client: HMSClient) -> Any:
        """Where HMS keeps them."""
        raise NotImplementedError

    def fetch(self, client: HMSClient) -> Sequence[S]:
        """All rows, in the order of the list."""
        return sorted(self.collection(client).list(), key=lambda row: self.name_of(row).casefold())

    def line(self, place: Place, row: S) -> Line:
        """A row as the list shows it."""
        raise NotImplementedError

    def get(self, client: HMSClient, item_id: str) -> S:
        found: S = self.collection(client).get(item_id)
        return found

    def rows(self, place: Place, client: HMSClient) -> Sequence[S]:
        """All rows; a noun that is kept here and not at HMS says where."""
        return self.fetch(client)

    def row(self, place: Place, client: HMSClient, item_id: str) -> S:
        """One row, as rows()."""
        return self.get(client, item_id)

    def initial(self, row: S) -> dict[str, Any]:
        """What the form of this row holds. Nothing secret."""
        raise NotImplementedError

    def choices(self, client: HMSClient, row: S | None) -> Choices:
        """What the selects of the form of this row, or of a new one, offer."""
        return {}

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        """Make it; returns a sentence for the person."""
        raise NotImplementedError

    def update(self, place: Place, client: HMSClient, row: S, typed: dict[str, Any]) -> str | None:
        """Change it; returns a sentence for the person, if there is more to say than that it is saved."""
        raise NotImplementedError

    def delete(self, place: Place, client: HMSClient, item_id: str) -> None:
        self.collection(client).delete(item_id)

    def list_presses(self, place: Place) -> list[Press]:
        """Buttons of the whole list."""
        return []

    def is_ready(self, form: ItemForm) -> bool:
        """Whether what was typed may be sent now, or is to be looked at once more."""
        return True

    def is_changeable(self, form: ItemForm, row: S) -> bool:
        """Whether what was typed can be made of this row; says in the form what stands against it."""
        return True

    def name_of(self, row: S) -> str:
        """What a row is called."""
        return str(getattr(row, "name", row))

    def changed(self, typed: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed and is not so yet; an emptied text is None, which clears it."""
        return {name: None if typed[name] == "" else typed[name] for name in now if typed[name] != now[name]}

    def shown(self, place: Place, client: HMSClient, row: S | None) -> dict[str, Any]:
        """What the form's page shows beside the form."""
        return {}

    # The pages.

    def index(self, place: Place) -> HttpResponse:
        return self.list_page(place)

    def list_page(self, place: Place, refusal: Refusal | None = None) -> HttpResponse:
        """The list; `refusal` is what became of a button that was pressed on it."""
        with place.hms() as client:
            lines = [self.line(place, row) for row in self.rows(place, client)]
        for each in lines:
            each.presses[:] = each.presses if place.may(self.role) else []
        context = {"noun": self, "lines": lines, "refusal": refusal, "may_change": place.may(self.role)}
        context["presses"] = self.list_presses(place) if place.may(self.role) else []
        context["new_url"] = place.url(f"{self.key}_new") if self.form_class else ""
        return place.show("list.html", self.key, context)

    def new(self, place: Place) -> HttpResponse:
        form = self._form(place, None)
        with place.hms() as client:
            form.offer(self.choices(client, None))
            beside = self.shown(place, client, None)
            if place.request.method == "POST" and form.is_valid() and self.is_ready(form):
                try:
                    messages.success(place.request, self.create(place, client, form.cleaned_data))
                except (HMSError, WrongField) as error:
                    form.show_refusal(refusals.explain(error, form.names))
                else:
                    return place.go(self.key)
        return self.form_page(place, form, None, beside)

    def edit(self, place: Place, item_id: str) -> HttpResponse:
        with place.hms() as client:
            row = self.row(place, client, item_id)
            form = self._form(place, row)
            form.offer(self.choices(client, row))
            beside = self.shown(place, client, row)
            if self._is_to_be_saved(place, form, row):
                try:
                    said = self.update(place, client, row, form.cleaned_data)
                except (HMSError, WrongField) as error:
                    form.show_refusal(refusals.explain(error, form.names))
                else:
                    messages.success(place.request, said or _("Saved at HMS."))
                    return place.go(self.key)
        return self.form_page(place, form, row, beside)

    def drop(self, place: Place, item_id: str) -> HttpResponse:
        def away() -> None:
            with place.hms() as client:
                try:
                    self.delete(place, client, item_id)
                except (NotFound, Forbidden):
                    return  # gone is what was wanted

        return self.pressed(place, away, str(self.removed))

    def pressed(self, place: Place, do: Any, said: str, *, then: str = "") -> HttpResponse:
        """Do what a button says and go to `then`, or to the list; a refusal is shown on the list."""
        try:
            do()
        except (HMSError, WrongField) as error:
            if isinstance(error, NotFound | Forbidden):
                raise
            return self.refused_page(place, refusals.explain(error))
        messages.success(place.request, said)
        return redirect(then) if then else place.go(self.key)

    def refused_page(self, place: Place, refusal: Refusal) -> HttpResponse:
        """The list with what became of a button; that alone when HMS does not even show the list."""
        try:
            return self.list_page(place, refusal)
        except HMSError:
            return place.show("away.html", self.key, {"refusal": refusal})

    def paths(self) -> list[URLPattern]:
        """The addresses of this noun's pages."""
        base, name = f"clients/<uuid:client_id>/organization/{self.key}/", f"organization_{self.key}"
        found = [path(base, self.view(self.index, require_GET), name=name)]
        if self.form_class is not None:
            form = require_http_methods(["GET", "POST"])
            found.append(path(f"{base}new/", self.view(self.new, form), name=f"{name}_new"))
            found.append(
                path(f"{base}<str:item_id>/remove/", self.view(self.drop, require_POST), name=f"{name}_remove")
            )
            if self.can_change:
                found.append(path(f"{base}<str:item_id>/", self.view(self.edit, form), name=f"{name}_item"))
        return found

    def view(self, page: View, method: Any, *, changes: bool = True, tells: bool = False) -> View:
        """A page as a view: of this noun's section, and for whom it may be. One that `changes` nothing is not logged
        when it is posted to; one that `tells` says itself what it did."""
        inside = enters(self.key)(_plain(page))
        changes = changes and method is not require_GET
        if changes:
            inside = audited(f"{self.key}.{page.__name__}", typed=["name"], tells=tells, outside=True)(inside)
        guarded: View = method(requires(self.role)(inside))
        return asks_again(guarded) if changes and self.asks_again else guarded

    def remove_press(self, place: Place, item_id: str, name: str) -> Press:
        return Press(
            url=place.url(f"{self.key}_remove", item_id),
            label=_("Remove"),
            question=_("“%(name)s” is removed at HMS, for good.") % {"name": name},
            danger=True,
        )

    def _form(self, place: Place, row: S | None) -> ItemForm:
        form_class = self.form_class if row is None else self.edit_form_class or self.form_class
        if form_class is None:
            raise TypeError(f"{self.key} has no form")
        initial = {} if row is None else self.initial(row)
        seen = {} if row is None else {"seen": fingerprint(initial)}
        posted = place.request if place.request.method == "POST" else None
        return form_class(
            posted.POST if posted else None, posted.FILES if posted else None, initial={**initial, **seen}
        )

    def unbound(self, row: S) -> ItemForm:
        """The form of a row as it is at HMS, whatever was sent."""
        form_class = self.edit_form_class or self.form_class or ItemForm
        initial = self.initial(row)
        return form_class(initial={**initial, "seen": fingerprint(initial)})

    def _is_to_be_saved(self, place: Place, form: ItemForm, row: S) -> bool:
        is_sent = place.request.method == "POST" and form.is_valid()
        return is_sent and self._is_latest(form, row) and self.is_changeable(form, row)

    def _is_latest(self, form: ItemForm, row: S) -> bool:
        """Whether the row is as it was when the form was made; says what is different when it is not."""
        now = self.initial(row)
        if form.cleaned_data["seen"] == fingerprint(now):
            return True
        form.show_conflict(now, fingerprint(now))
        return False

    def form_page(self, place: Place, form: ItemForm, row: S | None, beside: dict[str, Any]) -> HttpResponse:
        context = {
            "noun": self,
            "form": form,
            "row": row,
            "name": row and self.name_of(row),
            "may_change": place.may(self.role),
            **beside,
        }
        context["list_url"] = place.url(self.key)
        return place.show(self.form_template, self.key, context)


def _plain(page: View) -> View:
    """A function to be wrapped: a bound method takes no attributes."""

    def view(place: Place, **ids: Any) -> HttpResponse:
        return page(place, **ids)

    return view
