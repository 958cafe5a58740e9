"""Every code block runs, every link leads somewhere, and what is not documented fails."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlrun.cli import cli
from mlrun.settings import SETTINGS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("**/*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^]]+]\(([^)\s]+)\)")
LONGEST_PAGE_S = 600


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def program(page: Path) -> str:
    """The Python blocks of a page as one program, each on the lines it has in the page."""
    text = page.read_text()
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        if block[1] == "python":
            first = text.count("\n", 0, block.start(2))
            code = block[2].splitlines()
            lines[first : first + len(code)] = code
    return "\n".join(lines).rstrip() + "\n"


def commands(page: Path) -> Iterator[list[str]]:
    """Words of every ``mlrun ...`` line of the shell blocks of a page."""
    for block in BLOCK.finditer(page.read_text()):
        if block[1] == "sh":
            for line in block[2].replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["mlrun"]:
                    yield words[1:]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(page: Path, heading: str) -> str:
    """What stands under a heading that holds *heading*, up to the next one of any depth."""
    parts = re.split(r"^(#+ .+)$", page.read_text(), flags=re.MULTILINE)
    found = [body for title, body in zip(parts[1::2], parts[2::2]) if heading in title]
    assert found, f"{name_of(page)} has no heading with {heading!r}"
    return found[0]


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found, f"mlrun {name}"
    return found


def command_options() -> list[tuple[str, str]]:
    return [
        (name, spelling)
        for name in cli.list_commands(click.Context(cli))
        for parameter in command(name).params
        if isinstance(parameter, click.Option)
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    path = tmp_path / f"{page.stem.lower()}_page.py"
    path.write_text(program(page))

    done = subprocess.run(
        [sys.executable, "-W", "error", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONGEST_PAGE_S,
    )

    assert done.returncode == 0, f"{name_of(page)} (same line numbers):\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_of_a_page_are_understood(page: Path) -> None:
    for words in commands(page):
        with cli.make_context("mlrun", list(words), resilient_parsing=True) as context:
            if words and not words[0].startswith("-"):
                command(words[0]).make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text())
    targets = [target for target in LINK.findall(text) if "://" not in target]

    broken = []
    for target in targets:
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)

    assert not broken


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()

    pages = [str(page.relative_to(DOCS)) for page in DOCS.glob("**/*.md")]
    missing = [page for page in pages if f"({page})" not in index]

    assert missing == ["README.md"]


def test_every_page_begins_with_code_that_runs() -> None:
    without = [
        name_of(page)
        for page in PAGES
        if page.is_relative_to(DOCS)
        and page.name != "README.md"
        and "```python" not in page.read_text()[:2500]
    ]

    assert not without


@pytest.mark.parametrize(("name", "option"), command_options())
def test_every_option_is_documented(name: str, option: str) -> None:
    words = section(DOCS / "cli.md", f"mlrun {name}")

    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", words), f"mlrun {name} {option}"


def test_every_command_is_documented() -> None:
    for name in cli.list_commands(click.Context(cli)):
        assert section(DOCS / "cli.md", f"mlrun {name}")


def test_every_setting_is_documented() -> None:
    page = (DOCS / "configuration.md").read_text()

    missing = [name for name in SETTINGS if f"`{name}`" not in page]

    assert not missing
