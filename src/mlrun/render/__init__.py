"""Tables and pictures of records for people: HTML where a notebook shows it, text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mlrun.config import mlconf
from mlrun.render.cells import Folded as Folded
from mlrun.render.cells import Link as Link
from mlrun.render.cells import plain as plain
from mlrun.render.html import html_page as html_page
from mlrun.render.html import html_table as html_table
from mlrun.render.html import record_html as record_html
from mlrun.render.parallel import parallel_coordinates_html as parallel_coordinates_html
from mlrun.render.text import record_text as record_text
from mlrun.render.text import text_table as text_table
from mlrun.render.text import wants_color as wants_color


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook, which shows HTML."""
    ipython = sys.modules.get("IPython")  # who runs in a kernel has it loaded
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def display(html: str | Callable[[], str], text: str | Callable[[], str]) -> None:
    """
    Show *html* in a notebook and print *text* elsewhere.

    Args:
        html, text: The strings, or functions that make them: only the one that is shown is called.
    """
    if is_notebook() and mlconf.ipython_widget:
        from IPython.display import HTML
        from IPython.display import display as show

        show(HTML(html() if callable(html) else html))  # type: ignore[no-untyped-call]
    else:
        print(text() if callable(text) else text)
