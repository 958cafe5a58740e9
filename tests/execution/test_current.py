from mlrun.execution.current import current, get_current, set_of_process


def test_the_innermost_context_is_the_current_one():
    outer, inner = object(), object()

    with current(outer):
        with current(inner):
            assert get_current() is inner
        assert get_current() is outer
    assert get_current() is None


def test_the_context_of_the_process_is_there_where_no_other_is():
    own, handlers = object(), object()
    set_of_process(own)
    try:
        assert get_current() is own
        with current(handlers):
            assert get_current() is handlers
    finally:
        set_of_process(None)
    assert get_current() is None
