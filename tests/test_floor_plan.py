"""The house has floors, drawn in docs/design.md; an import goes down, or along an arrow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "mlrun"
FILES = sorted(SOURCE.rglob("*.py"))
# The only rooms that may name these libraries; everybody else asks them for a table.
DATA_FRAMES = {"pandas": "frames", "pyarrow": "frames", "polars": "frames"}


class Import(NamedTuple):
    module: str
    line: int


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def table(header: str) -> list[list[str]]:
    """Cells of each row of the table in docs/design.md that begins with *header*."""
    page = (ROOT / "docs" / "design.md").read_text()
    lines = page[page.index(f"| {header} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


FLOORS = {room: int(row[0]) for row in table("floor") for room in words(row[2])}
ARROWS = {words(row[0])[0]: words(row[1]) for row in table("arrow: room")}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def package_of(path: Path) -> str:
    return ".".join(("mlrun", *path.relative_to(SOURCE).parts[:-1]))


def is_for_annotations(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(node: ast.AST, package: str) -> Iterator[Import]:
    """Every module that *node* imports when it runs, at any depth."""
    for child in ast.iter_child_nodes(node):
        if is_for_annotations(child):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = ".".join(package.split(".")[: 1 - child.level or None]) if child.level else ""
            module = ".".join(filter(None, (base, child.module)))
            yield from (Import(f"{module}.{alias.name}", child.lineno) for alias in child.names)
        else:
            yield from imports(child, package)


def own_imports(path: Path) -> Iterator[tuple[str, int]]:
    """The rooms of this package that a file imports, with the line."""
    for module, line in imports(ast.parse(path.read_text()), package_of(path)):
        top, _, rest = module.partition(".")
        if top == "mlrun":
            room = rest.partition(".")[0] or "__init__"
            yield (room if (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").exists() else "__init__"), line


def may_import(here: str, there: str) -> bool:
    if there == "testing":
        return here == "testing"
    return (
        here in (there, "testing")
        or FLOORS.get(there, 99) < FLOORS.get(here, -1)
        or there in ARROWS.get(here, [])
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down_or_along_an_arrow(path: Path) -> None:
    here = room_of(path)

    wrong = [
        f"line {line}: {here} (floor {FLOORS.get(here)}) imports {room} (floor {FLOORS.get(room)})"
        for room, line in own_imports(path)
        if not may_import(here, room)
    ]

    assert not wrong, "\n".join(wrong)


def test_every_room_stands_on_a_floor() -> None:
    rooms = {room_of(path) for path in FILES} - {"testing"}

    assert rooms <= FLOORS.keys(), f"not in the table of docs/design.md: {sorted(rooms - FLOORS.keys())}"


def test_every_room_of_the_plan_is_built() -> None:
    rooms = {room_of(path) for path in FILES}

    assert FLOORS.keys() <= rooms, f"in docs/design.md, but not in src: {sorted(FLOORS.keys() - rooms)}"


def test_every_arrow_is_used() -> None:
    used = {(room_of(path), room) for path in FILES for room, _ in own_imports(path)}

    idle = [
        f"{here} -> {there}" for here, rooms in ARROWS.items() for there in rooms if (here, there) not in used
    ]

    assert not idle


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_data_frames_are_the_business_of_one_room(path: Path) -> None:
    modules = imports(ast.parse(path.read_text()), package_of(path))

    tops = {module.partition(".")[0] for module, _ in modules}

    assert not {top for top in tops if DATA_FRAMES.get(top, room_of(path)) != room_of(path)}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import mlrun.db.sql", ["mlrun.db.sql"]),
        ("from mlrun import run", ["mlrun.run"]),
        ("def f():\n    from mlrun.cli import main", ["mlrun.cli.main"]),
        ("from . import base\nfrom ..errors import X", ["mlrun.db.base", "mlrun.errors.X"]),
        ("if TYPE_CHECKING:\n    from mlrun.cli import main\nimport os", ["os"]),
    ],
)
def test_an_import_is_found_wherever_it_stands(code: str, found: list[str]) -> None:
    assert [module for module, _ in imports(ast.parse(code), "mlrun.db")] == found
