"""The page of the document, as it is read with and without its script."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import resources

import pytest

from mlrun.api.page import POLICY, curl, page
from mlrun.api.reference import Reference
from mlrun.api.routes import V1, V2

DOCUMENT = Reference(V1, V2).document
HTML = page(DOCUMENT)


class Reader(HTMLParser):
    """Which elements are open where, what they are called, where they lead, and what they say."""

    VOID = ("meta", "link", "input", "br")
    OPTIONAL = ("tr", "th", "td", "li")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values[name] or "" for name in ("href", "src", "action") if name in values]
        if tag not in (*self.VOID, *self.OPTIONAL):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)


READER = Reader(HTML)


def test_every_operation_and_every_record_is_listed() -> None:
    names = [
        operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()
    ]

    assert set(names) | set(DOCUMENT["components"]["schemas"]) <= set(READER.ids)
    assert len(READER.ids) == len(set(READER.ids))
    assert READER.open == []


def test_its_links_lead_into_it_or_to_the_document() -> None:
    targets = {link for link in READER.links if not link.startswith("data:,")}

    assert targets - {f"#{name}" for name in READER.ids} == {"openapi.json"}
    assert "http://" not in HTML and "https://" not in HTML


def test_it_says_what_a_parameter_is() -> None:
    text = " ".join(READER.texts)

    assert re.search(r"page\s+query\s+number from 1\s+From 1;", text)
    assert re.search(r"x-mlrun-patch-mode\s+header\s+replace\s+,\s+additive\s+=\s+replace", text)
    assert "The state of the run; empty where there is none." in text


def test_its_policy_allows_its_own_style_and_script_only() -> None:
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", HTML, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in POLICY
    assert " style=" not in HTML and " onclick=" not in HTML


def test_a_line_for_a_shell_is_whole() -> None:
    path = "/api/v1/projects/{project}/runs/{uid}"
    operation = DOCUMENT["paths"][path]["post"]

    assert shlex.split(curl("post", path, operation)) == [
        *("curl", "-X", "POST", "$MLRUN_DBPATH/api/v1/projects/iris/runs/3f2a"),
        *("-H", "content-type: application/json", "--data-binary", "@body.json"),
    ]
    assert curl("get", path, {}) == 'curl "$MLRUN_DBPATH/api/v1/projects/iris/runs/3f2a"'


def test_its_script_filters_and_opens() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("nodejs is needed to try the page's script: apt install nodejs")
    script = resources.files("mlrun.api").joinpath("page.js").read_text("utf-8")

    done = subprocess.run(
        [node, "-e", FAKE_PAGE + script + TRIAL], capture_output=True, text=True, timeout=120
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["2 operations", "1 of 2 true false", "2 operations", "true"]


# As much of a document as the script touches: two operations in one section.
FAKE_PAGE = """
const made = (id, text) => ({id, hidden: false, open: false, tagName: "DETAILS", scrollIntoView() {},
  classList: {contains: (name) => name === "operation"}, firstElementChild: {textContent: text},
  closest: () => section, parentElement: {}});
const section = {id: "runs", querySelector: () => null};
const entries_ = [made("runs_read", "GET /runs"), made("runs_delete", "DELETE /runs")];
const listeners = {};
const filter_ = {value: "", hidden: true, addEventListener: (name, act) => (listeners[name] = act)};
const named = {filter: filter_, count: {}, runs_delete: entries_[1]};
globalThis.location = {hash: "#runs_delete"};
globalThis.addEventListener = () => {};
globalThis.document = {
  getElementById: (id) => named[id],
  querySelector: () => ({}),
  querySelectorAll: (what) => (what === "details" ? entries_ : what === "pre" ? [] : [section]),
};
"""
TRIAL = """
console.log(named.count.textContent);
filter_.value = "RUNS get"; listeners.input();
console.log(named.count.textContent, entries_[1].hidden, entries_[0].hidden);
filter_.value = ""; listeners.input();
console.log(named.count.textContent);
console.log(entries_[1].open);
"""
