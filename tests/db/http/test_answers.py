import pytest

from mlrun import errors
from mlrun.db.http.answers import error_of


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (
            404,
            b'{"detail":{"reason":"MLRunNotFoundError(\'no run p/1\')"}}',
            errors.MLRunNotFoundError,
            "no run p/1",
        ),
        (
            400,
            b'{"detail":{"reason":"MLRunInvalidArgumentError(\\"it\'s wrong\\")"}}',
            errors.MLRunInvalidArgumentError,
            "it's wrong",
        ),
        (409, b'{"detail":"in use"}', errors.MLRunConflictError, "in use"),
        (502, b"<html>bad gateway</html>", errors.MLRunHTTPError, "GET x: the server answers 502"),
        (404, b'{"detail":{"reason":"SystemExit(\'0\')"}}', errors.MLRunNotFoundError, "SystemExit('0')"),
        (
            404,
            b'{"detail":{"reason":"MLRunNotFoundError(\'\'.join([]))"}}',
            errors.MLRunNotFoundError,
            "MLRunNotFoundError(''.join([]))",
        ),
    ],
)
def test_an_error_arrives_as_what_was_raised_there(status, body, kind, text):
    error = error_of(status, body, "GET x")

    assert type(error) is kind and str(error) == text
