"""Where failing examples are kept and looked for: Hypothesis's example databases, by a word on the command line.

    --database reports/examples                     a folder
    --database redis://localhost:6379/0             a Redis server, which machines share
    --database github:owner/repo                    the artifact that a GitHub workflow uploaded; it is only read
    --database read-only:redis://example.org        any of them, never written to

Given several times they are one: all are read, and all that may be are written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

READ_ONLY = "read-only:"


class DatabaseUnavailable(Exception):
    """A database that was asked for cannot be used. The text says what to do."""


def opened(names: Sequence[str]) -> ExampleDatabase | None:
    """The database that words name, None for none. Raises DatabaseUnavailable."""
    found = [_one(name) for name in names]
    if len(found) < 2:
        return found[0] if found else None
    return MultiplexedDatabase(*found)


def _one(name: str) -> ExampleDatabase:
    if name.startswith(READ_ONLY):
        return ReadOnlyDatabase(_one(name.removeprefix(READ_ONLY)))
    if name.startswith(("redis://", "rediss://", "unix://")):
        return _redis(name)
    if name.startswith("github:"):
        owner, slash, repository = name.removeprefix("github:").partition("/")
        if not (owner and slash and repository) or "/" in repository:
            raise DatabaseUnavailable(f"--database {name}: after github: comes owner/repository")
        return ReadOnlyDatabase(GitHubArtifactDatabase(owner, repository))
    if "://" in name:
        raise DatabaseUnavailable(f"--database {name}: it is a folder, redis://…, or github:owner/repository")
    return DirectoryBasedExampleDatabase(Path(name))


def _redis(url: str) -> ExampleDatabase:
    try:
        import redis
        from hypothesis.extra.redis import RedisExampleDatabase
    except ImportError as error:
        raise DatabaseUnavailable(f"--database {url} needs the package redis: pip install redis") from error
    try:
        client = redis.Redis.from_url(url)
        client.ping()
    except (ValueError, redis.RedisError) as error:
        raise DatabaseUnavailable(f"--database {url}: {error}") from error
    # Hypothesis forgets examples of a week ago by default; what a nightly run found is asked for longer.
    return RedisExampleDatabase(client, key_prefix=b"torchstone:")


class Part(ExampleDatabase):
    """The part of a database that is one case's: the tests that draw the cases are one function, and so have one key."""

    def __init__(self, whole: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._whole, self._name = whole, name.encode()

    def _own(self, key: bytes) -> bytes:
        return self._name + b"\n" + key

    def save(self, key: bytes, value: bytes) -> None:
        self._whole.save(self._own(key), value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        yield from self._whole.fetch(self._own(key))

    def delete(self, key: bytes, value: bytes) -> None:
        self._whole.delete(self._own(key), value)
