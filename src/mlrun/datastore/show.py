"""A data item for the eyes: table, picture, page or text, by its format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlrun import frames, render
from mlrun.errors import MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.datastore.item import DataItem

PICTURES = ("png", "jpg", "jpeg", "gif", "svg")
PAGES = ("html", "htm")
TABLES = ("csv", "parquet", "pq", "feather")
LONGEST = 100_000  # bytes of text


def show(item: DataItem, format: str | None = None) -> None:
    """
    Show *item* in the notebook, or print it; of a folder the names in it.

    Args:
        format: ``csv``, ``parquet`` and other tables; ``png`` and other pictures; ``html``; anything else is
            text. By the suffix if none.

    Raises:
        MLRunInvalidArgumentError: It is not text, though nothing says that it is something else.
    """
    name = (format or item.suffix).lower().lstrip(".")
    if name in PICTURES:
        _show_picture(item, name)
    elif name in PAGES:
        text = item.get(encoding="utf-8")
        render.display(text, text)
    elif (table := format or frames.format_of(item.url.partition("?")[0])) in TABLES:
        header, rows = frames.preview(item.as_df(format=table))
        render.display(lambda: render.html_table(header, rows), lambda: render.text_table(header, rows))
    elif item.url.endswith("/") or (item.kind == "file" and os.path.isdir(item.local())):
        print("\n".join(item.ls()))
    else:
        _show_text(item)


def _show_picture(item: DataItem, name: str) -> None:
    if not render.is_notebook():
        print(f"a {name} picture: {item.local()}")
        return
    from IPython.display import SVG, Image, display

    picture: Any = SVG if name == "svg" else Image
    display(picture(data=item.get()))  # type: ignore[no-untyped-call]


def _show_text(item: DataItem) -> None:
    data = item.get(size=LONGEST + 1)
    try:
        text = data[:LONGEST].decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # the cut may go through a character
            raise MLRunInvalidArgumentError(
                f"{item.url} is not text; give format=, or read it: get(), as_df(), local()"
            ) from error
        text = data[: error.start].decode()
    print(text + (f"\n... longer than {LONGEST} bytes; get() reads all" if len(data) > LONGEST else ""))
