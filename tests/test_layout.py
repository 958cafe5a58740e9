"""tests/ is the mirror of src/mlrun/, and every file is one thing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "mlrun"
TESTS = ROOT / "tests"
MOST_LINES = 400

# Files and folders of src/ without a test file of their own, each with its reason.
TESTED_ELSEWHERE = {
    "__init__.py": "its names are in test_public_names.py, what it loads is in test_imports.py",
    "execution/__init__.py": "names, each imported on first use: test_public_names.py",
    "model/__init__.py": "names, each imported on first use: test_public_names.py",
    "testing": "its contracts are tests, and run wherever an adapter inherits them",
}

# Test files that belong to no file of src/, each with its reason.
ABOUT_THE_WHOLE = {
    "api/test_conformance.py": "the server, held to its own document",
    "service/test_on_kubernetes.py": "a server whose pods are those of Kubernetes",
    "service/test_on_podman.py": "a server whose pods are containers",
    "service/test_on_processes.py": "a server whose pods are processes",
    "test_container.py": "Dockerfile and compose.yaml",
    "test_docs.py": "docs/",
    "test_examples.py": "examples/",
    "test_floor_plan.py": "the imports of every file",
    "test_imports.py": "what a process loads",
    "test_kill_jobs.py": "benchmarks/kill_jobs.py",
    "test_layout.py": "this file",
    "test_older_pythons.py": "the whole package on each Python",
    "test_public_names.py": "what users call",
    "test_kill_sweep.py": "benchmarks/kill_sweep.py",
    "test_large_file.py": "benchmarks/large_file.py",
    "test_soak.py": "benchmarks/soak.py",
}


def is_only_names(path: Path) -> bool:
    """Whether the file is a docstring, imports and tables: nothing that could be wrong by itself."""
    nodes = ast.parse(path.read_text()).body
    return not any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in nodes)


def mirror(path: Path) -> str:
    """``db/sql/runs.py`` -> ``db/sql/test_runs.py``; a package's own file is called test_init.py."""
    relative = path.relative_to(SOURCE)
    name = {"__init__": "init", "__main__": "main"}.get(relative.stem, relative.stem)
    return str(relative.with_name(f"test_{name}.py"))


def is_tested_elsewhere(path: Path) -> bool:
    relative = path.relative_to(SOURCE)
    return any(str(place) in TESTED_ELSEWHERE for place in (relative, *relative.parents))


SOURCES = {mirror(path): path for path in sorted(SOURCE.rglob("*.py"))}
TEST_FILES = {str(path.relative_to(TESTS)) for path in TESTS.rglob("test_*.py")}


def test_every_file_has_its_test_file() -> None:
    missing = [
        f"{path.relative_to(SOURCE)} has no tests/{test}"
        for test, path in SOURCES.items()
        if test not in TEST_FILES and not is_tested_elsewhere(path) and not is_only_names(path)
    ]

    assert not missing, "\n".join(missing)


def test_every_test_file_has_its_file() -> None:
    lost = sorted(TEST_FILES - SOURCES.keys() - ABOUT_THE_WHOLE.keys())

    assert not lost, f"no file of src/mlrun belongs to: {', '.join(lost)}"


def test_every_exception_is_needed() -> None:
    untested = {
        str(place.relative_to(SOURCE))
        for test, path in SOURCES.items()
        if test not in TEST_FILES
        for place in (path, *path.parents)
        if place.is_relative_to(SOURCE)
    }

    assert untested >= TESTED_ELSEWHERE.keys()


def test_the_list_of_tests_about_the_whole_is_right() -> None:
    assert ABOUT_THE_WHOLE.keys() <= TEST_FILES


@pytest.mark.parametrize("path", SOURCES.values(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_one_thing(path: Path) -> None:
    lines = path.read_text().count("\n")

    assert lines <= MOST_LINES, f"{lines} lines: what are the two things in it?"


@pytest.mark.parametrize("path", SOURCES.values(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_says_in_one_sentence_why_it_exists(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text())) or ""

    first = doc.partition("\n")[0]

    assert first.endswith("."), f"first line of the docstring: {first!r}"


def test_test_folders_are_no_packages() -> None:
    assert not list(TESTS.rglob("__init__.py"))


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "misc"])
def test_no_file_is_a_drawer(word: str) -> None:
    assert not [path for path in SOURCE.rglob("*") if path.stem == word]
