"""Components show what they were given, escaped, with the roles that readers need, and without any inline code."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template

from portal.wording import Step

ROOT = Path(__file__).parents[2]


def shown(source: str, **values: object) -> str:
    return Template(source).render(Context(values))


@pytest.mark.parametrize("said", ['title="{{ name }}"', ':title="name"'])
def test_a_title_from_outside_is_escaped_once(said: str) -> None:
    html = shown("{% cotton card " + said + " %}x{% endcotton %}", name="<b>&")
    assert "&lt;b&gt;&amp;</h2>" in html


def test_an_entry_shows_its_sign_and_the_balance_after_it() -> None:
    html = shown('{% cotton list_row title="Call" :seconds="s" :after="a" %}{% endcotton %}', s=-204, a=12876)
    assert "−3.40" in html
    assert "214.60" in html
    assert "is-in" not in html


def test_what_came_in_is_green() -> None:
    assert "ui-amount is-in" in shown('{% cotton amount :seconds="s" signed %}{% endcotton %}', s=6000)


def test_a_row_without_an_amount_has_no_figures() -> None:
    assert "ui-line-figures" not in shown('{% cotton list_row title="Call" %}{% endcotton %}')


def test_the_balance_is_read_out_whole() -> None:
    html = shown('{% cotton balance_hero :seconds="s" as_of="14:06" %}{% endcotton %}', s=12876)
    assert '<span class="visually-hidden">214.60 credits</span>' in html
    assert "214 min 36 s" in html
    assert "as of 14:06" in html


def test_a_failed_step_says_why() -> None:
    html = shown('{% cotton checklist_item state="wrong" title="Key" reason="It is a pk_ key." %}{% endcotton %}')
    assert 'aria-label="Wrong"' in html
    assert "It is a pk_ key." in html


@pytest.mark.parametrize(("tone", "role"), [("wrong", "alert"), ("info", "status")])
def test_only_what_is_wrong_interrupts_a_reader(tone: str, role: str) -> None:
    html = shown('{% cotton alert :tone="tone" %}x{% endcotton %}', tone=tone)
    assert f'role="{role}"' in html


def test_a_switch_says_whether_it_is_on() -> None:
    assert 'aria-checked="true"' in shown('{% cotton switch label="On" :on="on" %}{% endcotton %}', on=True)
    assert 'aria-checked="false"' in shown('{% cotton switch label="On" :on="on" %}{% endcotton %}', on=False)


def test_a_link_to_a_page_that_is_not_there_is_left_out() -> None:
    html = shown('{% cotton nav_item to="nowhere:at_all" icon="home" label="Home" %}{% endcotton %}')
    assert html.strip() == ""


def test_no_template_of_a_page_holds_inline_code() -> None:
    mails = {ROOT / "templates/layouts/email.html", *(ROOT / "templates/account/email").iterdir()}
    mails |= set((ROOT / "templates/emails").iterdir())
    pages = [path for path in (ROOT / "templates").rglob("*.html") if path not in mails]
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:")
    assert len(pages) > 40
    assert [path.name for path in pages if inline.search(path.read_text())] == []


def test_a_timeline_marks_each_step_and_says_when_it_was() -> None:
    steps = [Step("done", "Paid", "Today 14:02"), Step("waiting", "The bank <b>")]
    html = shown('{% cotton timeline :steps="steps" label="Steps" %}{% endcotton %}', steps=steps)
    assert '<ol class="ui-timeline" aria-label="Steps">' in html
    assert html.index("is-done") < html.index("Today 14:02") < html.index("is-waiting")
    assert "&lt;b&gt;" in html
