"""Every public definition of the library says what its types cannot; a method may leave it to the one it overrides."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import attnviz

LAYERS = (
    *("language", "errors", "settings", "config", "masks", "data", "model", "trace", "decoding", "training", "runs"),
    *("experiments", "lessons", "figures", "foreign", "api"),
)
# What torch and our protocol `Probe` explain once for all: a module's forward, a probe's two questions.
KNOWN = {"forward", "wants", "tap"}


def modules() -> Iterator[ModuleType]:
    for layer in LAYERS:
        module = importlib.import_module(f"attnviz.{layer}")
        yield module
        for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{module.__name__}."):
            yield importlib.import_module(found.name)


def undocumented(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) and not inspect.getdoc(value):
            yield f"{module.__name__}.{name}"
        if inspect.isclass(value):
            if not value.__doc__:
                yield f"{module.__name__}.{name}"
            if getattr(value, "_is_protocol", False):
                continue  # its members have a comment beside them
            for member, what in vars(value).items():
                field = member in getattr(value, "__dataclass_fields__", {})  # a function as a field's default
                of_kind = inspect.isfunction(what) or isinstance(what, (property, classmethod, staticmethod))
                of_kind = of_kind and not field
                if member.startswith("_") or member in KNOWN or not of_kind:
                    continue
                if not inspect.getdoc(getattr(value, member, what)) and not documented_above(value, member):
                    yield f"{module.__name__}.{name}.{member}"


def documented_above(owner: type, member: str) -> bool:
    """Whether a base says what a member is: by a docstring, or as a field with a comment beside it."""
    return any(
        member in vars(base) and (inspect.getdoc(vars(base)[member]) or base.__module__.split(".")[0] != "attnviz")
        for base in owner.__mro__[1:]
    ) or any(member in getattr(base, "__annotations__", {}) for base in owner.__mro__[1:])


def test_every_public_definition_of_the_library_says_what_it_is() -> None:
    assert attnviz.__doc__
    seen = list(modules())
    assert len(seen) > 100
    missing = [name for module in seen for name in undocumented(module)]
    assert not missing, "\n".join(missing)
