from mlrun.testing.run_records import a_run


def test_a_log_is_added_to_and_read_by_offset(db):
    db.store_run(a_run("1", "running"), "1")
    db.store_log("1", body=b"one\n", append=True)
    db.store_log("1", body="zwölf\n", append=True)

    assert db.get_log("1", offset=4) == ("running", "zwölf\n".encode())
    assert db.get_log_size("1") == 11


def test_a_large_log_goes_over_in_one_piece(db):
    db.store_run(a_run("1", "running"), "1")
    body = b"0123456789" * 300_000

    db.store_log("1", body=body)

    assert db.get_log("1")[1] == body
