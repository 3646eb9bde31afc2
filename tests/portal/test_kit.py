"""What the components pass on is escaped, and every control tells readers about its help and its error."""

import pytest
from django import forms
from tablericons import IconDoesNotExist

from portal.templatetags import kit


class Order(forms.Form):
    name = forms.CharField(help_text="As clients see it.")
    agreed = forms.BooleanField(required=False)
    way = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    color = forms.CharField(widget=forms.TextInput(attrs={"type": "color", "class": "big"}))
    kind = forms.ChoiceField(choices=[("a", "A")])


def test_a_value_from_outside_stays_a_value() -> None:
    assert kit.passed_on({"data-name": '"><script>'}) == ' data-name="&quot;&gt;&lt;script&gt;"'


def test_flags_are_names_alone_and_what_is_off_is_left_out() -> None:
    assert kit.passed_on({"disabled": True, "hidden": False, "title": None, "tabindex": 0}) == ' disabled tabindex="0"'


def test_an_icon_is_silent_unless_it_is_labelled() -> None:
    assert kit.icon("phone").startswith('<span class="i" aria-hidden="true"><svg width="20"')
    assert kit.icon("x", 16, "<Wrong>").startswith(
        '<span class="i" role="img" aria-label="&lt;Wrong&gt;"><svg width="16"'
    )


def test_an_icon_that_does_not_exist_is_met_at_once() -> None:
    with pytest.raises(IconDoesNotExist):
        kit.icon("no-such-icon")


def test_a_control_points_at_its_help() -> None:
    html = kit.control(Order()["name"])
    assert 'aria-describedby="id_name_help"' in html
    assert 'class="form-control"' in html
    assert "aria-invalid" not in html


def test_a_wrong_control_points_at_its_error_first() -> None:
    html = kit.control(Order({})["name"])
    assert 'aria-describedby="id_name_error id_name_help"' in html
    assert 'aria-invalid="true"' in html
    assert "is-invalid" in html


@pytest.mark.parametrize(("name", "kind"), [("name", "line"), ("agreed", "check"), ("way", "group"), ("kind", "line")])
def test_a_field_is_laid_out_by_what_it_asks(name: str, kind: str) -> None:
    assert kit.control_kind(Order()[name]) == kind


@pytest.mark.parametrize(("name", "said"), [("agreed", "form-check-input"), ("kind", "form-select")])
def test_each_kind_of_control_has_its_class(name: str, said: str) -> None:
    assert f'class="{said}"' in kit.control(Order()[name])


def test_a_widget_keeps_the_class_it_brought() -> None:
    assert 'class="form-control form-control-color big"' in kit.control(Order()["color"])


@pytest.mark.parametrize(("name", "said"), [("Harbour Voice", "HV"), ("ada", "A"), ("a b c", "AB"), ("", "")])
def test_a_name_has_initials(name: str, said: str) -> None:
    assert kit.initials(name) == said
