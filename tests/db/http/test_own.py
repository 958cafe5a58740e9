from mlrun.db.http.own import Own


def test_what_was_not_asked_for_longest_goes_first() -> None:
    own = Own(most=2)
    own.keep("a", b"1")
    own.keep("b", b"2")
    own.get("a")

    own.keep("c", b"3")

    assert (own.get("a"), own.get("b"), own.get("c")) == (b"1", None, b"3")


def test_large_bodies_make_room_too() -> None:
    own = Own(most_bytes=10)
    own.keep("a", b"12345678")

    own.keep("b", b"1234")

    assert (own.get("a"), own.get("b")) == (None, b"1234")


def test_a_body_that_is_too_large_by_itself_is_not_kept() -> None:
    own = Own(most_bytes=10)

    own.keep("a", b"0" * 11)
    own.keep("b", b"1")

    assert (own.get("a"), own.get("b")) == (None, b"1")


def test_names_are_found_by_their_beginning_newest_first() -> None:
    own = Own()
    for name in ("artifact p/a 1", "artifact p/a 2", "artifact p/b 3"):
        own.keep(name, name.encode())

    assert own.under("artifact p/a ") == [b"artifact p/a 2", b"artifact p/a 1"]
    own.forget("artifact p/a ")
    assert own.under("") == [b"artifact p/b 3"]
