"""Train, validation and test: decided by a hash of each example's key and the seed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from attnviz.data.batch import Pair

SPLITS: tuple[str, ...] = ("train", "validation", "test")

Item = TypeVar("Item")


def rank(key: Hashable, seed: int) -> bytes:
    """A pseudo-random sort key that depends on nothing but the arguments (not on platform or order)."""
    return blake2b(f"{seed}\n{key}".encode(), digest_size=8).digest()


def fingerprint(pairs: Iterable[Pair]) -> str:
    """16 hex digits of examples in their order: equal figures can be expected only of equal data."""
    digest = blake2b(digest_size=8)
    for pair in pairs:
        digest.update("\x1f".join((*pair.source, "\x1e", *pair.target, "\x1d")).encode())
    return digest.hexdigest()


def split_by_key(
    keyed: Iterable[tuple[str, Item]], seed: int, *, validation: float, test: float
) -> dict[str, list[Item]]:
    """Share items out so that all items of one key are in the same split.

    The shares are of the keys; with three keys or more no split is empty. Order within a split is the given one.
    """
    items = list(keyed)
    keys = sorted({key for key, _ in items}, key=lambda key: rank(key, seed))
    n_test = max(1, round(test * len(keys)))
    n_validation = max(1, round(validation * len(keys)))
    where = dict.fromkeys(keys[:n_test], "test")
    where |= dict.fromkeys(keys[n_test : n_test + n_validation], "validation")
    shares: dict[str, list[Item]] = {name: [] for name in SPLITS}
    for key, item in items:
        shares[where.get(key, "train")].append(item)
    return shares
