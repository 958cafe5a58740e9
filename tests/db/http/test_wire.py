import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.db.http.wire import checked
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError


def test_an_address_is_taken_as_it_is():
    assert checked("http://mlrun-api:8080").startswith("http://mlrun-api:8080")


@pytest.mark.parametrize("url", ["http://user:not-a-secret@host:8080", "http://", "http://host:port"])
def test_a_wrong_address_is_answered_without_its_secret(url):
    with pytest.raises(MLRunInvalidArgumentError) as raised:
        checked(url)

    assert "not-a-secret" not in str(raised.value)


def test_a_server_that_is_away_is_named(server, patience):
    with pytest.raises(MLRunServiceUnavailableError, match=str(server.port)):
        HTTPRunDB(server.url).list_runs()
