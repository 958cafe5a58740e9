from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from mlrun.code.notebook import Notebook, current_notebook, read_notebook
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


def as_bytes(*cells: str | dict[str, Any]) -> bytes:
    """A notebook of code cells; a dictionary is a cell as it is."""
    built = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell}
        if isinstance(cell, str)
        else cell
        for cell in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": built}).encode()


def read(*cells: str | dict[str, Any], name: str = "", ignored_tags: str = "") -> Notebook:
    return read_notebook(as_bytes(*cells), name, ignored_tags)


def tagged(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source.splitlines(keepends=True)}


def test_the_code_cells_become_one_file() -> None:
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}

    notebook = read("import os\n", text, "def f(x):\n    return x")

    assert notebook.source == "import os\n\ndef f(x):\n    return x\n"


def test_a_notebook_of_format_3_is_read() -> None:
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "metadata": {}}
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": [cell]}]}).encode()

    assert read_notebook(data).source == "x = 1\ny = 2\n"


def test_a_notebook_is_read_from_its_path() -> None:
    Path("train.ipynb").write_bytes(as_bytes("x = 1"))

    assert read_notebook("train.ipynb").source == "x = 1\n"


def test_an_empty_notebook_has_no_code() -> None:
    assert read().source == ""


@pytest.mark.parametrize("comment", ["# mlrun: ignore", "# nuclio:ignore", "#mlrun: ignore"])
def test_an_ignored_cell_is_left_out(comment: str) -> None:
    assert read(f"{comment}\n%nuclio env A=1\nx = 1", "y = 2") == Notebook(source="y = 2\n")


@pytest.mark.parametrize("tag", ["mlrun-ignore", "nuclio-ignore", "draft", "slow"])
def test_a_cell_with_an_ignored_tag_is_left_out(tag: str) -> None:
    assert read(tagged("x = 1", "kept", tag), "y = 2", ignored_tags="draft;slow").source == "y = 2\n"


def test_only_what_is_between_the_marks_is_exported() -> None:
    notebook = read("a = 1", "# mlrun: start-code", "b = 2", "c = 3\n# mlrun: end-code\nd = 4", "e = 5")

    assert notebook.source == "b = 2\n\nc = 3\n"


def test_a_mark_in_a_cell_of_code_counts_from_its_line() -> None:
    assert read("a = 1\n# nuclio: start-code\nb = 2").source == "b = 2\n"


def test_an_end_without_a_start_ends_what_began_with_the_notebook() -> None:
    assert read("a = 1", "# nuclio: end-code", "b = 2").source == "a = 1\n"


SECTIONS = (
    "%nuclio cmd pip install shared",
    "# mlrun: start-code prep\n%nuclio cmd pip install one\na = 1\n# mlrun: end-code prep",
    "# mlrun: start-code my_train\n%nuclio cmd pip install two\nb = 2\n# mlrun: end-code my_train",
)


def test_a_named_section_is_exported_with_its_own_and_the_shared_magics() -> None:
    notebook = read(*SECTIONS, name="my-train")

    assert notebook.source.strip() == "b = 2"
    assert notebook.commands == ["pip install shared", "pip install two"]


def test_an_unknown_section_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no section 'trai': prep, my-train"):
        read(*SECTIONS, name="trai")


def test_a_misspelled_annotation_is_an_error() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"cell 2: '# mlrun: start_code'.*'start-code'"):
        read("a = 1", "# mlrun: start_code\nb = 2")


def test_a_note_to_somebody_is_no_annotation() -> None:
    assert read("# mlrun: note\n# nuclio: we return the mean here\na = 1").source.endswith("a = 1\n")


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1\n"),
        ("!pip install a \\\n  b\nx = 1", "# !pip install a \\\n#   b\nx = 1\n"),
        ("?print\nlen?\nx = 1", "# ?print\n# len?\nx = 1\n"),
        ("files = !ls", "# files = !ls\n"),
        ("%time x = 1", "x = 1\n"),
        ("if True:\n    %cd x", "if True:\n    pass  # %cd x\n"),
        ("if True:\n    %nuclio cmd ls", "if True:\n    pass  # %nuclio cmd ls\n"),
        ("%%time\nx = 1", "# %%time\nx = 1\n"),
        ("%%bash\nrm -rf x", "# %%bash\n"),
        ("x = (7\n  % 3)", "x = (7\n  % 3)\n"),
        ('x = """\n!ls\n%time\n"""', 'x = """\n!ls\n%time\n"""\n'),
    ],
)
def test_lines_of_ipython_are_commented_out(cell: str, source: str) -> None:
    assert read(cell).source == source


@pytest.mark.parametrize("word", ["mlrun", "nuclio"])
def test_commands_are_recorded(word: str) -> None:
    notebook = read(
        f"%{word} cmd -c pip install a\n%{word} cmd pip install b", f"%%{word} cmd -c\npip x\npip y"
    )

    assert notebook.commands == ["pip install a", "pip install b", "pip x", "pip y"]
    assert notebook.source == ""


def test_a_command_may_go_on_over_lines() -> None:
    notebook = read("%nuclio cmd pip install \\\n  a b\nx = 1")

    assert notebook.commands == ["pip install   a b"]
    assert notebook.source == "x = 1\n"


def test_a_cell_of_settings_before_the_start_counts_whole() -> None:
    notebook = read("%%nuclio cmd\npip x\npip y", "# nuclio: start-code", "a = 1")

    assert notebook.commands == ["pip x", "pip y"]


def test_the_environment_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "there")
    Path("more.env").write_text("D=4\n# a comment\n")

    notebook = read(
        "%nuclio env -c A=1 B='two words'",
        "%%nuclio env --config-only\nC=${HERE}",
        "%nuclio env_file more.env",
    )

    assert notebook.env == {"A": "1", "B": "two words", "C": "there", "D": "4"}


def test_the_configuration_is_recorded() -> None:
    notebook = read(
        '%nuclio config spec.build.baseImage = "mlrun/ml-base"',
        '%nuclio config kind = "nuclio:serving"\n%nuclio config spec.maxReplicas = 5',
        "%nuclio config spec.build.commands += 'ls'",
    )

    assert notebook.kind == "nuclio:serving"
    assert notebook.config == {
        "spec.build.baseImage": "mlrun/ml-base",
        "spec.maxReplicas": 5,
        "spec.build.commands": ["ls"],
    }


def test_mounts_and_files_are_recorded() -> None:
    notebook = read("%nuclio mount /data ~/data\n%nuclio add 'my file.py' b.py\n%nuclio show")

    assert notebook.mounts == [["/data", "~/data"]]
    assert notebook.files == ["my file.py", "b.py"]


def test_a_handler_cell_becomes_a_function() -> None:
    notebook = read('%%nuclio handler\ntext = """\nraw"""\n# nuclio: return\nevent.body + text\n')

    assert notebook.handler == "handler"
    assert notebook.source == (
        'def handler(context, event):\n    text = """\nraw"""\n'
        "    # nuclio: return\n    return event.body + text\n"
    )


def test_the_value_marked_on_its_own_line_is_returned() -> None:
    notebook = read("%%mlrun handler greet\n'hi'  # mlrun: return")

    assert notebook.source == "def greet(context, event):\n    return 'hi'  # mlrun: return\n"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%nuclio cnfig a=1", r"cell 1: 'cnfig' is not a word of %mlrun.*Did you mean 'config'"),
        ("%nuclio env A", r"cell 1: env 'A' should read NAME=value"),
        ("%nuclio config spec", r"cell 1: config 'spec' should read"),
        ("%nuclio env A='b", r"cell 1: .*No closing quotation"),
        ("x = 1\n\ndef f(:", r"notebook cell 1 line 3: invalid syntax: 'def f\(:'"),
    ],
)
def test_what_can_not_be_read_is_named_with_its_cell(cell: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        read(cell)


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"print(1)", "notebook: JSON"), (b"[]", "no list of cells"), (b"{}", "no list of cells")],
)
def test_another_file_is_no_notebook(data: bytes, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        read_notebook(data)


def test_a_missing_notebook_is_named_with_the_working_folder(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"no notebook 'x.ipynb' .working folder {tmp_path}"):
        read_notebook("x.ipynb")


def test_a_program_is_no_notebook() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="not in a notebook: name the code file"):
        current_notebook()


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The namespace of a process that looks like a notebook's kernel."""
    namespace: dict[str, Any] = {}
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(user_ns=namespace)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return namespace


def test_jupyter_tells_the_notebook(
    kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.ipynb").write_bytes(as_bytes())
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "a.ipynb"))

    assert current_notebook() == tmp_path / "a.ipynb"


def test_vs_code_tells_the_notebook(kernel: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(as_bytes())
    kernel["__vsc_ipynb_file__"] = str(tmp_path / "a.ipynb")

    assert current_notebook() == tmp_path / "a.ipynb"


def test_a_notebook_without_a_name_asks_for_it(kernel: dict[str, Any]) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"filename='my-notebook\.ipynb'"):
        current_notebook()
