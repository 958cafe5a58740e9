"""A notebook as the Python file that it means, with what its annotations and magics say."""

from __future__ import annotations

import ast
import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mlrun.code.lines import Line, is_magic, scan
from mlrun.code.magics import OURS, Settings
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest
from mlrun.model.base import load_json
from mlrun.urls import normalize_name

IGNORE_TAGS = ("mlrun-ignore", "nuclio-ignore")
WORDS = ("ignore", "start-code", "end-code", "return")
_ANNOTATION = re.compile(r"#\s*(?:mlrun|nuclio)\s*:\s*(?P<word>[\w-]+)(?:\s+(?P<name>[\w.-]+))?\s*")
_PYTHON_CELL_MAGICS = ("time", "timeit", "capture", "prun")  # what follows their first line is Python


class Notebook(Settings):
    """The source of the function in a notebook, and what the notebook asks for around it."""

    source: str = ""


class Cell(NamedTuple):
    number: int  # from 1, counting every cell
    lines: list[str]
    tags: frozenset[str]


class Code(NamedTuple):
    """One line of the function, and where it stands in the notebook."""

    text: str
    cell: int
    line: int  # from 1, in its cell


def read_notebook(
    notebook: str | os.PathLike[str] | bytes, name: str = "", ignored_tags: str | Iterable[str] = ()
) -> Notebook:
    """
    The function in *notebook*.

    What is exported: every code cell, without those that an ``# mlrun: ignore`` comment or a tag
    leaves out; where there are ``# mlrun: start-code`` and ``end-code`` comments, only what stands
    between them. Lines that are IPython's are commented out, none is executed. ``# nuclio:`` and
    ``%nuclio`` are other spellings of ``# mlrun:`` and ``%mlrun``.

    Args:
        notebook: A path, or the content of the file (nbformat 3 or 4).
        name: Of the section, where a notebook has several (``start-code <name>``).
        ignored_tags: Cells with one of these tags are left out; a text is split at ``;`` and ``,``.

    Raises:
        MLRunNotFoundError: No such file, or no section *name*.
        MLRunInvalidArgumentError: It is no notebook, an annotation or magic can not be read, or the
            code is not Python; the message gives the cell and the line.
    """
    where = "notebook" if isinstance(notebook, bytes) else str(notebook)
    data = notebook if isinstance(notebook, bytes) else _read(Path(notebook))
    folder = Path() if isinstance(notebook, bytes) else Path(notebook).parent
    tags = {*IGNORE_TAGS, *_split(ignored_tags)}
    cells = [cell for cell in _cells(data, where) if not cell.tags & tags]
    result = Notebook()
    code: list[Code] = []
    for cell, rows in _select(cells, name, where):
        try:
            code += _export(cell, rows, result, folder)
        except (MLRunInvalidArgumentError, MLRunNotFoundError) as error:
            raise type(error)(f"{where} cell {cell.number}: {error}") from error
    while code and not code[-1].text.strip():
        code.pop()
    result.source = "".join(f"{line.text}\n" for line in code)
    _check(code, result.source, where)
    return result


def current_notebook() -> Path:
    """
    The notebook whose kernel this process is, as far as Jupyter and VS Code tell.

    Raises:
        MLRunInvalidArgumentError: This is no notebook, or it does not say its name.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    if shell is not None:
        for name in (shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
            for path in (Path(name), Path(Path(name).name)) if name else ():
                if path.suffix == ".ipynb" and path.is_file():
                    return path
        raise MLRunInvalidArgumentError(
            "the name of this notebook can not be found out; give it: filename='my-notebook.ipynb'"
        )
    raise MLRunInvalidArgumentError("not in a notebook: name the code file, filename='my-code.py'")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise MLRunNotFoundError(f"no notebook {str(path)!r} (working folder {os.getcwd()})") from None


def _split(tags: str | Iterable[str]) -> list[str]:
    return re.split(r"[;,\s]+", tags) if isinstance(tags, str) else list(tags)


def _cells(data: bytes, where: str) -> Iterator[Cell]:
    """The code cells; nbformat 3 has them in worksheets, and calls the source ``input``."""
    notebook: Any = load_json(data, where)
    sheets: Any = notebook.get("worksheets", [notebook]) if isinstance(notebook, dict) else [None]
    if not all(isinstance(sheet, dict) and isinstance(sheet.get("cells"), list) for sheet in sheets):
        raise MLRunInvalidArgumentError(f"{where} is not a notebook: it is JSON, but has no list of cells")
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source: Any = cell.get("source", cell.get("input", ""))
            text = source if isinstance(source, str) else "".join(source)
            tags = (cell.get("metadata") or {}).get("tags") or ()
            yield Cell(number, text.splitlines(), frozenset(tags))


def _annotation(line: Line, where: str) -> tuple[str, str]:
    """The word of an ``# mlrun:`` comment and the name after it; two empty texts for another comment."""
    match = _ANNOTATION.fullmatch(line.comment) if line.comment else None
    if not match:
        return "", ""
    word, name = match["word"].lower(), match["name"] or ""
    if word in WORDS:
        return word, name
    if near := difflib.get_close_matches(word, WORDS, n=1, cutoff=0.8):  # else it is a note to somebody
        raise MLRunInvalidArgumentError(
            f"{where}: {line.comment!r} is no annotation. Did you mean {near[0]!r}?"
        )
    return "", ""


class Row(NamedTuple):
    """A line of a cell and the section that it stands in; ``None`` is outside of every section."""

    number: int  # from 1, in its cell
    line: Line
    section: str | None


def _select(cells: list[Cell], name: str, where: str) -> Iterator[tuple[Cell, list[Row]]]:
    """
    Cells with those of their lines that make the function *name*.

    Magics before, between and after the sections belong to every one of them.
    """
    marked, sections = _mark(cells, where)
    wanted = _wanted(sections, name, where)
    for cell, rows in marked:
        head = OURS.match(next((row.line.text for row in rows if row.line.text.strip()), ""))
        setting = bool(head and head["cell"] and head["verb"] != "handler")
        kept = [
            row
            for row in rows
            if row.section == wanted
            or (row.section is None and (setting or (row.line.starts and OURS.match(row.line.text))))
        ]
        if kept:
            yield cell, kept


def _mark(cells: list[Cell], where: str) -> tuple[list[tuple[Cell, list[Row]]], list[str]]:
    """The lines of the cells that are not ignored, and the names of the sections in order."""
    marked: list[tuple[Cell, list[Row]]] = []
    sections: list[str] = []
    current: str | None = None
    for cell in cells:
        lines = list(scan(cell.lines))
        words = [_annotation(line, f"{where} cell {cell.number}") for line in lines]
        if any(word == "ignore" for word, _ in words):
            continue
        rows: list[Row] = []
        marked.append((cell, rows))
        for number, (line, (word, section)) in enumerate(zip(lines, words), 1):
            if word == "start-code":
                current = normalize_name(section)
                sections.append(current)
            elif word == "end-code":
                if current is None:  # nothing began, so it began with the notebook
                    sections.append(normalize_name(section))
                    _rename(marked, sections[-1])
                current = None
            else:
                rows.append(Row(number, line, current))
    return marked, sections


def _rename(marked: list[tuple[Cell, list[Row]]], section: str) -> None:
    """What stood outside of every section so far becomes *section*."""
    for _, rows in marked:
        rows[:] = [row._replace(section=section) if row.section is None else row for row in rows]


def _wanted(sections: list[str], name: str, where: str) -> str | None:
    wanted = normalize_name(name)
    if not sections:
        return None
    if wanted in sections:
        return wanted
    if "" in sections:
        return ""
    if len(set(sections)) == 1:
        return sections[0]
    names = ", ".join(dict.fromkeys(sections))
    raise MLRunNotFoundError(f"{where} has no section {name!r}: {names}.{nearest(wanted, sections)}")


def _export(cell: Cell, rows: list[Row], result: Notebook, folder: Path) -> Iterator[Code]:
    """The Python lines of one cell, then an empty one; settings go into *result*."""
    start = next((index for index, row in enumerate(rows) if row.line.text.strip()), 0)
    head, rest = rows[start], rows[start + 1 :]
    text = head.line.text.strip()
    if (ours := OURS.match(text)) and ours["cell"]:
        body = [row.line.text for row in rest]
        result.apply(ours["verb"], ours["rest"], [] if ours["verb"] == "handler" else body, folder)
        rows = [] if ours["verb"] != "handler" else rest
        code = _handler(cell, rest, head.number, result.handler) if rows else iter(())
    elif text.startswith("%%"):
        python = text.split()[0].removeprefix("%%") in _PYTHON_CELL_MAGICS
        code = _plain(cell, rows if python else [head], result, folder)
    else:
        code = _plain(cell, rows, result, folder)
    yield from code
    yield Code("", cell.number, rows[-1].number if rows else head.number)


def _plain(cell: Cell, rows: list[Row], result: Notebook, folder: Path) -> Iterator[Code]:
    shell = ours = ""  # what a line before this one, ending with a backslash, has begun
    for number, line, _ in rows:
        text = line.text
        magic = line.starts and is_magic(text)
        more = text.rstrip().endswith("\\")
        if ours or (magic and not shell and OURS.match(text)):
            ours += text.rstrip().removesuffix("\\") if more else text
            if not more and (match := OURS.match(ours)):
                result.apply(match["verb"], match["rest"], [], folder)
                ours = ""
            if magic and text[:1].isspace():
                yield Code(_commented(text), cell.number, number)
        elif shell or magic:
            yield Code(f"# {text}" if shell else _commented(text), cell.number, number)
            shell = text if more else ""
        else:
            yield Code(text, cell.number, number)


def _commented(text: str) -> str:
    """A line that is IPython's; ``%time`` keeps its statement, and a block keeps a body."""
    bare = text.lstrip()
    indent = text[: len(text) - len(bare)]
    if timed := re.fullmatch(r"%time\s+(\S.*)", bare):
        return f"{indent}{timed[1]}"
    return f"{indent}pass  # {bare}" if indent else f"# {text}"


def _handler(cell: Cell, rows: list[Row], number: int, name: str) -> Iterator[Code]:
    """The lines of a ``%%mlrun handler`` cell as a function of a context and an event."""
    yield Code(f"def {name}(context, event):", cell.number, number)
    returning = False
    empty = True
    for number, line, _ in rows:
        text = line.text
        statement = bool(text.strip()) and not text.lstrip().startswith("#")
        returning = returning or _annotation(line, "")[0] == "return"
        if returning and statement:
            text, returning = f"return {text}", False
        empty = empty and not statement
        yield Code(text if line.in_string or not text else f"    {text}", cell.number, number)
    if empty:
        yield Code("    pass", cell.number, number)


def _check(code: list[Code], source: str, where: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *source* is not Python.
    """
    try:
        compile(source, where, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        number = min(getattr(error, "lineno", None) or 1, len(code))
        line = code[number - 1]
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise MLRunInvalidArgumentError(
            f"{where} cell {line.cell} line {line.line}: {message}: {line.text.strip()!r}"
        ) from error
