"""The few tags the components need beyond Django's own: icons, form controls and attributes passed on.

Everything that comes from outside a template is escaped here, whatever road it took.
"""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Collection, Mapping
from importlib import resources

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from tablericons import IconDoesNotExist

register = template.Library()
# Inside a page it says nothing.
_XMLNS = ' xmlns="http://www.w3.org/2000/svg"'


@functools.cache
def _drawings() -> zipfile.ZipFile:
    """Tabler's archive, opened once: its own tag reads the list of 5,000 names for each icon that is new, in 40 ms."""
    return zipfile.ZipFile(str(resources.files("tablericons") / "tablericons.zip"))


@functools.lru_cache(maxsize=512)
def _drawn(name: str, size: int) -> SafeString:
    path = name if "/" in name else f"outline/{name}"
    try:
        svg = " ".join(_drawings().read(f"{path}.svg").decode().split()).replace(_XMLNS, "")
    except KeyError:
        raise IconDoesNotExist(f"There is no icon {path!r}.") from None
    sized = svg.replace('width="24" height="24"', f'width="{size}" height="{size}"', 1)
    return mark_safe(sized.replace('stroke-width="2"', 'stroke-width="1.75"', 1))  # noqa: S308 - a file of Tabler's


@register.simple_tag
def icon(name: str, size: int = 20, label: str = "") -> SafeString:
    """Inline drawing `name` of Tabler's icons (outline unless "filled/..."); silent to readers without `label`.

    Raises tablericons.IconDoesNotExist for an unknown name, so that a typing error is met by the first test.
    """
    drawing = _drawn(str(name), int(size))
    if not label:
        return format_html('<span class="i" aria-hidden="true">{}</span>', drawing)
    return format_html('<span class="i" role="img" aria-label="{}">{}</span>', label, drawing)


@register.filter
def passed_on(attrs: Mapping[str, object]) -> SafeString:
    """The attributes a component did not name itself, ready for its outermost tag, values escaped."""
    own: Collection[str] = getattr(attrs, "_exclude_from_str", ())
    said = [
        (name, value) for name, value in attrs.items() if name not in own and value is not None and value is not False
    ]
    flags = format_html_join("", " {}", ((name,) for name, value in said if value is True))
    return flags + format_html_join("", ' {}="{}"', ((name, value) for name, value in said if value is not True))


@register.filter
def initials(name: str) -> str:
    """One or two capitals that stand for a name where there is no logo: "Harbour Voice" is HV."""
    return "".join(word[0] for word in str(name).split()[:2]).upper()


def _is_list(field: BoundField) -> bool:
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.filter
def control_kind(field: BoundField) -> str:
    """How a field is laid out: "check" (box beside its label), "group" (several choices) or "line"."""
    if isinstance(field.field.widget, CheckboxInput):
        return "check"
    return "group" if _is_list(field) else "line"


def _control_class(field: BoundField) -> str:
    widget = field.field.widget
    if _is_list(field):
        return ""
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control form-control-color" if getattr(widget, "input_type", "") == "color" else "form-control"


def _described_by(field: BoundField) -> str:
    said = [f"{field.auto_id}_error"] if field.errors else []
    said += [f"{field.auto_id}_help"] if field.help_text else []
    return " ".join(said)


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's own widget with the kit's classes, pointing at its help and its error for readers."""
    own = str(field.field.widget.attrs.get("class", ""))
    said: dict[str, str | bool] = {
        "class": " ".join(filter(None, [_control_class(field), own, "is-invalid" if field.errors else ""]))
    }
    if described := _described_by(field):
        said["aria-describedby"] = described
    if field.errors:
        said["aria-invalid"] = "true"
    return field.as_widget(attrs=said)
