"""The order in which PyTorch tells keyword arguments that fit no overload.

It keeps them in a `std::unordered_map`, and so tells them in the order of GCC's hash table: of 13 buckets by the hash of the
name; a name is put in front of its bucket, and a bucket in front of all others when its first name comes.
"""

from __future__ import annotations

from typing import Any

_MASK = (1 << 64) - 1
_FACTOR = 0xC6A4A7935BD1E995  # of MurmurHash64A
_SEED = 0xC70F6907  # of libstdc++
_BUCKETS = 13  # up to 13 names


def _mixed(value: int) -> int:
    return value ^ value >> 47


def hash_of(name: str) -> int:
    """`std::hash<std::string>` of libstdc++, where `size_t` has 64 bits."""
    text = name.encode()
    whole = len(text) & ~7
    found = _SEED ^ len(text) * _FACTOR & _MASK
    for at in range(0, whole, 8):
        word = int.from_bytes(text[at : at + 8], "little") * _FACTOR & _MASK
        found = (found ^ _mixed(word) * _FACTOR & _MASK) * _FACTOR & _MASK
    if whole < len(text):
        found = (found ^ int.from_bytes(text[whole:], "little")) * _FACTOR & _MASK
    return _mixed(_mixed(found) * _FACTOR & _MASK)


def in_order(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The same keywords in PyTorch's order."""
    names: list[str] = []
    buckets: dict[int, str] = {}  # the first name of each
    for name in kwargs:
        bucket = hash_of(name) % _BUCKETS
        names.insert(names.index(buckets[bucket]) if bucket in buckets else 0, name)
        buckets[bucket] = name
    return {name: kwargs[name] for name in names}
