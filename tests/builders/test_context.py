import os
import zipfile

import pytest

from mlrun.builders.context import laid_out
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


def digest(plan):
    with laid_out(plan) as context:
        return context.digest


def test_a_context_has_everything_that_a_build_needs(plan, tmp_path):
    (tmp_path / "code" / "sub").mkdir(parents=True)
    (tmp_path / "code" / "sub" / "train.py").write_text("x = 1")

    with laid_out(plan(source="./code", requirements=("a", "b"), mlrun=".")) as context:
        assert (context.source / "sub" / "train.py").read_text() == "x = 1"
        assert context.requirements.read_text() == "a\nb\n"
        assert context.dockerfile.read_text().startswith("FROM localhost/base\n")
        assert len(list(context.folder.glob("mlrun-*.whl"))) == 1

    assert not context.folder.exists()


def test_its_digest_is_that_of_what_is_in_it(plan, tmp_path):
    (tmp_path / "code").mkdir()
    file = tmp_path / "code" / "a.sh"
    file.write_text("1")
    made = [digest(plan(source="code", mlrun="."))]

    assert digest(plan(source="code", mlrun=".")) == made[0]
    os.utime(file, (1, 1))
    assert digest(plan(source="code", mlrun=".")) == made[0]

    file.chmod(0o755)
    made.append(digest(plan(source="code", mlrun=".")))
    file.rename(file.with_name("b.sh"))
    made.append(digest(plan(source="code", mlrun=".")))
    file.symlink_to("b.sh")
    made.append(digest(plan(source="code", mlrun=".")))
    made.append(digest(plan(source="code", mlrun=".", env={"A": "1"})))
    assert len(set(made)) == 5


def test_a_link_out_of_a_source_is_refused(plan, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "link").symlink_to("../secret")

    with (
        pytest.raises(MLRunInvalidArgumentError, match=r"link to '\.\./secret', which is not shipped"),
        laid_out(plan(source="code")),
    ):
        pass


def test_a_source_may_be_a_repository(plan, daemon, commits):
    with laid_out(plan(source=f"{daemon}#v1")) as context:
        assert (context.source / "run.sh").exists() and not (context.source / ".git").exists()
        assert context.told == f"source {daemon}#v1 at commit {commits.first}"
        assert context.digest == digest(plan(source=f"{daemon}#v1"))


def test_a_source_may_be_an_archive(plan, tmp_path):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("train.py", "x = 1")

    with laid_out(plan(source="code.zip")) as context:
        assert (context.source / "train.py").read_text() == "x = 1"


@pytest.mark.parametrize("source", ["nowhere", "file:///nowhere"])
def test_a_source_that_is_not_there_is_a_sentence(plan, source):
    with (
        pytest.raises(MLRunNotFoundError, match=f"there is no source '{source}'"),
        laid_out(plan(source=source)),
    ):
        pass
