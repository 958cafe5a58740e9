import os
import zipfile

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.packagers.base import clearing
from mlrun.packagers.folders import unzipped, zipped


def test_a_folder_is_one_file_and_a_folder_again(tmp_path):
    (tmp_path / "a" / "empty").mkdir(parents=True)
    (tmp_path / "a" / "x.txt").write_text("x")

    folder = unzipped(zipped(str(tmp_path / "a"), "k"), "here")

    assert sorted(os.listdir(folder)) == ["empty", "x.txt"]


def test_the_file_is_gone_once_it_is_logged(tmp_path):
    (tmp_path / "a").mkdir()
    archive = zipped(str(tmp_path / "a"), "k")

    clearing.clear()

    assert not os.path.exists(archive)


def test_no_name_leads_out_of_the_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("../evil.txt", "x")

    with pytest.raises(MLRunInvalidArgumentError, match=r"here: '../evil.txt' leads out of the folder"):
        unzipped(str(tmp_path / "a.zip"), "here")


def test_another_file_is_no_folder(tmp_path):
    (tmp_path / "a.zip").write_text("no")

    with pytest.raises(MLRunInvalidArgumentError, match="here is no folder that was packed"):
        unzipped(str(tmp_path / "a.zip"), "here")
