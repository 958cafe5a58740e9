import pytest

from mlrun.db.http import listings
from mlrun.errors import MLRunInvalidArgumentError


def test_what_is_asked_of_runs_is_what_goes_over_the_wire():
    listing = listings.list_runs(
        "~train",
        project="iris",
        states=["error"],
        results=["accuracy > 0.9", "loss < 1"],
        end_time_from="2024-05-02T12:00:00+00:00",
        partition_by="name",
        rows_per_partition=2,
        partition_order="asc",
        last=5,
        offset=3,
    )

    params = dict(listing.params)
    assert (listing.path, listing.most, listing.skip) == ("v1/projects/iris/runs", 5, 3)
    assert [value for name, value in listing.params if name == "result"] == ["accuracy > 0.9", "loss < 1"]
    assert params["end_time_from"].startswith("2024-05-02T12:00:00")
    assert (params["partition-by"], params["rows-per-partition"], params["partition-order"]) == (
        "name",
        "2",
        "asc",
    )


@pytest.mark.parametrize("listing", [listings.list_runs, listings.list_artifacts, listings.list_functions])
def test_a_filter_that_is_none_is_answered(listing):
    with pytest.raises(MLRunInvalidArgumentError, match="Did you mean 'project'"):
        listing(projekt="iris")
