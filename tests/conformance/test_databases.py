"""Example databases named on the command line: each kind, several at once, and what cannot be used."""

import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    GitHubArtifactDatabase,
    InMemoryExampleDatabase,
    ReadOnlyDatabase,
)

from conformance.running import databases
from conformance.running.databases import DatabaseUnavailable, Part, opened


def test_no_name_is_no_database() -> None:
    assert opened([]) is None


def test_a_folder_keeps_examples(tmp_path: Path) -> None:
    database = opened([str(tmp_path / "kept")])
    assert database is not None
    database.save(b"key", b"value")
    assert set(DirectoryBasedExampleDatabase(tmp_path / "kept").fetch(b"key")) == {b"value"}


def test_several_are_read_and_only_what_may_be_is_written(tmp_path: Path) -> None:
    DirectoryBasedExampleDatabase(tmp_path / "shared").save(b"key", b"theirs")
    database = opened([str(tmp_path / "own"), f"read-only:{tmp_path / 'shared'}"])
    assert database is not None
    database.save(b"key", b"ours")
    assert set(database.fetch(b"key")) == {b"ours", b"theirs"}
    assert set(DirectoryBasedExampleDatabase(tmp_path / "shared").fetch(b"key")) == {b"theirs"}


def test_parts_of_one_database_do_not_meet() -> None:
    whole = InMemoryExampleDatabase()
    Part(whole, "views/a").save(b"key", b"1")
    Part(whole, "views/b").save(b"key", b"2")
    assert set(Part(whole, "views/a").fetch(b"key")) == {b"1"}
    Part(whole, "views/a").delete(b"key", b"1")
    assert set(Part(whole, "views/a").fetch(b"key")) == set()
    assert set(Part(whole, "views/b").fetch(b"key")) == {b"2"}


def test_a_redis_server_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    fakeredis = pytest.importorskip("fakeredis")
    import redis

    server = fakeredis.FakeServer()
    monkeypatch.setattr(redis.Redis, "from_url", lambda url: fakeredis.FakeStrictRedis(server=server))
    one, other = opened(["redis://one"]), opened(["read-only:redis://one"])
    assert one is not None
    assert other is not None
    one.save(b"key", b"value")
    other.save(b"key", b"not this")
    assert set(other.fetch(b"key")) == set(one.fetch(b"key")) == {b"value"}


def test_a_redis_server_that_is_not_there_is_one_clear_error() -> None:
    pytest.importorskip("redis")
    with pytest.raises(DatabaseUnavailable, match="redis://localhost:1"):
        opened(["redis://localhost:1"])


def test_without_the_package_redis_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(DatabaseUnavailable, match="pip install redis"):
        opened(["redis://localhost"])


def test_an_artifact_of_github_is_read_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = tmp_path / "downloads"
    monkeypatch.setattr(databases, "GitHubArtifactDatabase", partial(GitHubArtifactDatabase, path=downloads))
    kept = DirectoryBasedExampleDatabase(tmp_path / "kept")
    kept.save(b"key", b"value")
    database = opened(["github:owner/repository"])
    assert isinstance(database, ReadOnlyDatabase)
    # What Hypothesis downloaded less than a day ago is taken instead of asking GitHub: a zip file named by the time.
    downloads.mkdir()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for file in (tmp_path / "kept").rglob("*"):
            archive.write(file, file.relative_to(tmp_path / "kept"))
    (downloads / f"{datetime.now(UTC).isoformat().replace(':', '_')}.zip").write_bytes(memory.getvalue())
    database.save(b"key", b"not this")
    assert set(database.fetch(b"key")) == {b"value"}


@pytest.mark.parametrize("name", ["github:nobody", "github:a/b/c", "github:/b", "ftp://somewhere"])
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=name):
        opened([name])


@pytest.mark.parametrize("command", ["run", "fuzz"])
def test_the_command_says_it_in_one_line(command: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "conformance", command, "numtorch", "--database", "github:nobody"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert ran.returncode == 2
    assert (
        ran.stderr.strip().splitlines()[-1]
        == "torchstone: --database github:nobody: after github: comes owner/repository"
    )
