from __future__ import annotations

from collections.abc import Callable

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.urls import (
    FunctionURL,
    RunURL,
    StoreURL,
    check_key,
    is_store_url,
    normalize_name,
    parse_function_url,
    parse_run_url,
    parse_store_url,
    passwords_in,
    scheme,
    without_secrets,
)


@pytest.mark.parametrize(
    ("url", "name"), [("S3://bucket", "s3"), ("store://p/k", "store"), ("a/b", ""), ("", ""), ("C:/x", "")]
)
def test_a_scheme_is_in_lower_case(url: str, name: str) -> None:
    assert scheme(url) == name


@pytest.mark.parametrize(("url", "is_one"), [("store://p/k", True), ("STORE://p/k", True), ("p/k", False)])
def test_a_store_address_is_known_by_its_scheme(url: str, is_one: bool) -> None:
    assert is_store_url(url) is is_one


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("store://artifacts/p/k", StoreURL("artifacts", "p", "k")),
        ("store://models/p/k", StoreURL("models", "p", "k")),
        ("store://p/k", StoreURL("artifacts", "p", "k")),
        ("store://k", StoreURL("artifacts", "mine", "k")),
        ("store://datasets/k", StoreURL("datasets", "mine", "k")),
        ("p/k", StoreURL("artifacts", "p", "k")),
        ("store://p/k#3", StoreURL("artifacts", "p", "k", iter=3)),
        ("store://p/k#0", StoreURL("artifacts", "p", "k", iter=0)),
        ("store://p/k:v1", StoreURL("artifacts", "p", "k", tag="v1")),
        ("store://p/k@t", StoreURL("artifacts", "p", "k", tree="t")),
        ("store://p/k^u", StoreURL("artifacts", "p", "k", uid="u")),
        ("store://p/k#3:v1@t^u", StoreURL("artifacts", "p", "k", 3, "v1", "t", "u")),
        ("store://p/k@t:v1", StoreURL("artifacts", "p", "k", tag="v1", tree="t")),
        ("store://p/a/b", StoreURL("artifacts", "p", "a/b")),
    ],
)
def test_a_store_address_is_read(text: str, url: StoreURL) -> None:
    assert parse_store_url(text, project="mine") == url


@pytest.mark.parametrize(
    "url",
    [
        StoreURL("artifacts", "p", "k"),
        StoreURL("models", "p", "k", 0),
        StoreURL("models", "p", "k", 3, "v1", "t", "u"),
        StoreURL("artifacts", "p", "k", tree="t"),
    ],
)
def test_a_store_address_that_is_printed_is_read_as_the_same(url: StoreURL) -> None:
    assert parse_store_url(str(url)) == url


@pytest.mark.parametrize("text", ["", "store://", "store://p/k:", "store://p/k#x", "store://p/k^u@t"])
def test_what_is_no_store_address_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"is not a store address; it reads store://<kind>"):
        parse_store_url(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("db://p/f", FunctionURL("p", "f")),
        ("p/f:v1", FunctionURL("p", "f", "v1")),
        ("f", FunctionURL("mine", "f")),
        ("f@abc", FunctionURL("mine", "f", hash="abc")),
        ("p/f:v1@abc", FunctionURL("p", "f", "v1", "abc")),
        ("p/f@abc:v1", FunctionURL("p", "f", "v1", "abc")),
    ],
)
def test_a_function_address_is_read(text: str, url: FunctionURL) -> None:
    assert parse_function_url(text, project="mine") == url


@pytest.mark.parametrize("url", [FunctionURL("p", "f"), FunctionURL("p", "f", "v1", "abc")])
def test_a_function_address_that_is_printed_is_read_as_the_same(url: FunctionURL) -> None:
    assert parse_function_url(str(url)) == url


@pytest.mark.parametrize("text", ["", "db://", "a/b/c", "p/f:", "p/f@", "hub://f"])
def test_what_is_no_function_address_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"is not a function address; it reads \[db://\]"):
        parse_function_url(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("p@u", RunURL("p", "u")),
        ("p@u#3", RunURL("p", "u", 3)),
        ("p@u:v1", RunURL("p", "u", tag="v1")),
        ("p@u#3:v1", RunURL("p", "u", 3, "v1")),
    ],
)
def test_a_run_address_is_read(text: str, url: RunURL) -> None:
    assert parse_run_url(text) == url
    assert parse_run_url(str(url)) == url


@pytest.mark.parametrize("text", ["", "p", "@u", "p@", "p@u#", "p@u#x", "p@u:"])
def test_what_is_no_run_address_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"is not a run address; it reads <project>@<uid>"):
        parse_run_url(text)


@pytest.mark.parametrize("key", ["a", "a.b", "my_model-2", "9"])
def test_a_key_that_may_name_a_file_comes_back(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key", ["", "a/b", "..", "a..b", "../x", ".hidden", "a-", "a b", "a\n", "é", 5, None]
)
def test_a_key_that_may_not_name_a_file_is_refused(key: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a valid model name: letters, digits"):
        check_key(key, "model name")


@pytest.mark.parametrize(
    ("name", "normal"),
    [("My Func", "my-func"), ("a__b", "a-b"), (" x ", "x"), ("a.b", "a.b"), ("my-func", "my-func")],
)
def test_a_name_is_stored_in_one_spelling(name: str, normal: str) -> None:
    assert normalize_name(name) == normal


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:pw@host/x", "http://me:***@host/x"),
        ("redis://:pw@host", "redis://:***@host"),
        ("postgresql://me:p%40w@host/x?y=@", "postgresql://me:***@host/x?y=@"),
        ("postgresql://me:a@b@host/db", "postgresql://me:***@host/db"),
        ("http://me@host", "http://me@host"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("/data/a@b", "/data/a@b"),
        ("", ""),
    ],
)
def test_a_password_in_an_address_is_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://key:se/cret@bucket/x", "s3://key:***@bucket/x"),
        ("http://[x@y", "http://[x@y"),
        ("postgresql://host/db?user=me&password=pw", "postgresql://host/db?user=me&password=***"),
    ],
)
def test_a_password_in_an_odd_address_is_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_the_case_of_a_scheme_does_not_matter() -> None:
    assert parse_store_url("STORE://p/k") == StoreURL("artifacts", "p", "k")
    assert parse_function_url("DB://p/f") == FunctionURL("p", "f")


@pytest.mark.parametrize("parse", [parse_store_url, parse_function_url])
def test_an_address_holds_no_white_space(parse: Callable[[str], object]) -> None:
    with pytest.raises(MLRunInvalidArgumentError):
        parse("p/k\n")


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("postgresql://me:p%40ss@db:5432/mlrun", {"p%40ss", "p@ss"}),
        ("postgresql://me:a:b@c@db/mlrun", {"a:b@c"}),
        ("https://me@db.example.com", set()),
        ("https://db.example.com:8080/a?b=c:d@e", set()),
        ("/data/a:b@c.db", set()),
    ],
)
def test_passwords_are_found_in_addresses(url: str, passwords: set[str]) -> None:
    assert passwords_in(url) == passwords
