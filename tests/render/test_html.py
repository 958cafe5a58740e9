"""Tables as HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from mlrun.render import Folded, Link, html_page, html_table, record_html

VOID = {"meta", "br", "img"}


class Checker(HTMLParser):
    """Collects text and tags, and holds tags to be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def names(self) -> list[str]:
        return [name for name, _ in self.tags]


def test_a_table_has_a_row_each_record() -> None:
    page = Checker(html_table(["name", "p1"], [["a", 1], ["b", 2]]))

    assert page.names().count("tr") == 3
    assert page.text == "namep1a1b2"


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", {"<b>": "<i>"}, ["<b>"], Folded("<b>", "<i>")]
)
def test_every_text_is_escaped(value: Any) -> None:
    page = Checker(html_table(["<x>"], [[value]], title="<y>"))

    assert not {"script", "b", "i", "x", "y"} & set(page.names())


def test_a_state_is_a_coloured_badge() -> None:
    html = html_table(["state"], [["completed"], ["error"], ["strange"]])

    assert "#1a7f37" in html and "#cf222e" in html and "#6e7781" in html


@pytest.mark.parametrize("url", ["https://a.b/c?d=1&e=2", "/data/a b.html", "file:///data/x"])
def test_a_link_leads_there(url: str) -> None:
    page = Checker(html_table(["path"], [[Link("data", url)]]))

    assert page.names().count("a") == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "store://artifacts/p/k", ""])
def test_an_address_that_a_browser_can_not_or_must_not_open_is_text(url: str) -> None:
    page = Checker(html_table(["path"], [[Link("data", url)]]))

    assert "a" not in page.names()
    assert page.text == "pathdata"


def test_long_text_and_long_lists_are_folded() -> None:
    page = Checker(html_table(["a", "b"], [["x" * 200, {str(n): n for n in range(20)}]]))

    assert page.names().count("details") == 2
    assert "x" * 200 in page.text and "12 more" in page.text


def test_a_record_leaves_out_what_is_empty() -> None:
    page = Checker(record_html("run train", {"uid": "3f", "error": "", "results": {"loss": 0.0}}))

    assert page.text == "run trainuid3fresultsloss=0"


def test_a_page_is_whole() -> None:
    page = Checker(html_page("a & b", "<p>x</p>"))

    assert page.text.strip().startswith("a & b")
    assert {"html", "head", "body", "p"} <= set(page.names())
