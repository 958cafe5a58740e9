from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from mlrun.secrets.mask import Masker


def masker(*texts):
    made = Masker()
    for text in texts:
        made.add(text)
    return made


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        (["s3cr3t"], "token=s3cr3t!", "token=***!"),
        (["s3cr3t"], "s3cr3ts3cr3t", "******"),
        (["s3cr3t"], "nothing", "nothing"),
        (["abcd", "cdef"], "xabcdefx", "x***x"),
        (["abcd", "abcdef"], "abcdef", "***"),
        (["aaaa"], "aaaaa", "***"),
        (["abc"], "abc", "abc"),  # less than four characters
        ([""], "text", "text"),
        (["schlüssel"], "mein schlüssel", "mein ***"),
    ],
)
def test_secrets_become_stars(secrets, text, masked):
    assert masker(*secrets).mask(text) == masked


SECRET = 'a "b"\nc/d+é&'


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        json.dumps(SECRET),
        repr(SECRET),
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote(SECRET),
        urllib.parse.quote_plus(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_spelled(spelled):
    masked = masker(SECRET).mask(f"<{spelled}>")

    assert masked.strip("<>\"'=") == "***"


@pytest.mark.parametrize(
    ("secret", "spelled"),
    [
        ("pa'ss", repr({"key": 'say "pa\'ss"'})),
        ("b>>>???", base64.urlsafe_b64encode(b"b>>>???").decode()),
    ],
)
def test_a_secret_is_found_where_what_is_around_it_spells_it_otherwise(secret, spelled):
    masked = masker(secret).mask(spelled)

    assert "***" in masked and "ss" not in masked and "Pj" not in masked


def test_the_lines_of_a_key_are_masked_one_by_one():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nshort\n-----END KEY-----\n"

    assert masker(key).mask("| MIIEvQIBADANBgkqhkiG9w0BAQ | short") == "| *** | short"


def test_values_are_masked_at_any_depth():
    value = {"a": ["x s3cr3t", 1, None, True], "s3cr3t": {"b": ("s3cr3t",)}, "pin": 471100, "e": 0.5}

    assert masker("s3cr3t", "471100").mask_value(value) == {
        "a": ["x ***", 1, None, True],
        "***": {"b": ["***"]},
        "pin": "***",
        "e": 0.5,
    }


def test_without_secrets_a_value_is_itself():
    value = {"a": [1]}

    assert masker("abc").mask_value(value) is value
    assert not masker("abc")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_a_secret_in_pieces_is_masked(size):
    text = b"one s3cr3t, two s3cr3t-abcdef and abcd, s3cr3"
    stream = masker("s3cr3t", "abcd", "cdef").stream()

    out = b"".join(stream.feed(text[start : start + size]) for start in range(0, len(text), size))

    assert out + stream.end() == b"one ***, two ***-*** and ***, s3cr3"


def test_what_can_not_be_a_secret_is_not_held_back():
    stream = masker("s3cr3t").stream()

    assert stream.feed(b"hello s") == b"hello "
    assert stream.feed(b"3c") == b""
    assert stream.feed(b"um") == b"s3cum"


def test_what_was_held_back_comes_at_the_end_once():
    stream = masker("s3cr3t").stream()
    stream.feed(b"s3cr3")

    assert (stream.end(), stream.end()) == (b"s3cr3", b"")


def test_a_character_in_two_pieces_is_masked_too():
    data = "schlüssel".encode()
    stream = masker("schlüssel").stream()

    assert stream.feed(data[:5]) + stream.feed(data[5:]) + stream.end() == b"***"


def test_a_secret_that_is_learned_later_is_masked_from_then_on():
    made = Masker()
    stream = made.stream()
    before = stream.feed(b"s3cr3t ")
    made.add("s3cr3t")

    assert before + stream.feed(b"s3cr3t ") == b"s3cr3t *** "


def test_a_masker_does_not_show_what_it_knows():
    assert "s3cr3t" not in repr(masker("s3cr3t"))


def test_who_listens_is_told_of_each_new_text_once():
    masker, heard = Masker(), []
    masker.add("before")
    masker.listen(heard.append)

    for text in ("before", "after", "after", "abc"):
        masker.add(text)

    assert heard == ["after"]
    assert masker.given == ("before", "after")
