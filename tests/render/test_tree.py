"""Trees of lines."""

from __future__ import annotations

from mlrun.render.tree import Branch, html_tree, text_tree

TREE = Branch("a", (Branch("b", (Branch("c"),)), Branch("<d>")))


def test_lines_are_joined() -> None:
    assert text_tree(TREE) == "a\n├─ b\n│  └─ c\n└─ <d>"


def test_html_folds_and_escapes() -> None:
    html = html_tree(TREE)

    assert html.count("<details open>") == 2
    assert "&lt;d&gt;" in html
