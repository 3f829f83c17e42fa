"""dataclass, field and replace as the standard library has them, but made when they are first used.

The standard library writes and compiles six methods for each class, used or not: over a millisecond of every start, and
a hook meets a hundred classes. Here they share their methods, and the one that must be a class's own, __init__, is
compiled with its first value. Type checkers see the standard library's, and so does whoever asks it about a value.

Only what this package needs is here: classes with slots that inherit no fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    from operator import attrgetter

    def dataclass(*, slots, frozen=False):
        """A class decorator. Values of a class that is not frozen are no keys, as in the standard library."""
        assert slots
        return _frozen if frozen else _mutable

    class field:  # noqa: N801 (as in the standard library)
        """More about a field: `default` or `default_factory`; `init`, `repr`, `compare` or `hash` where not True."""

        def __init__(self, **settings):
            self.settings = settings

    def replace(value, /, **changes):
        """The same value, but for some fields."""
        for name in value.__match_args__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    def _frozen(cls):
        methods = {"__setattr__": _refuse_change, "__delattr__": _refuse_change}
        return _with_slots(cls, {**methods, "__getstate__": _state, "__setstate__": _restore}, has_hash=True)

    def _mutable(cls):
        return _with_slots(cls, {}, has_hash=False)

    def _with_slots(cls, methods, *, has_hash):
        slots = tuple(cls.__annotations__)
        own = {name: member for name, member in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
        defaults = {name: own.pop(name) for name in slots if name in own}
        compared = _with(slots, defaults, "compare")
        made = {
            "__qualname__": cls.__qualname__,
            "__slots__": slots,
            "__match_args__": _with(slots, defaults, "init"),
            "__dataclass_fields__": _Fields(defaults),
            "__init__": _first_init(defaults),
            "__repr__": _repr_of(_with(slots, defaults, "repr")),
            "__eq__": _eq_of(compared),
            "__hash__": _hash_of(_with(compared, defaults, "hash")) if has_hash else None,
            "__replace__": replace,
        }
        return type(cls)(cls.__name__, cls.__bases__, {**made, **methods, **own})

    def _with(names, defaults, setting):
        told = {name: default.settings for name, default in defaults.items() if isinstance(default, field)}
        return tuple(name for name in names if name not in told or told[name].get(setting, True))

    def _content_of(names):
        return attrgetter(*names) if names else lambda value: ()

    def _repr_of(names):
        def __repr__(self):  # noqa: N807
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({shown})"

        return __repr__

    def _eq_of(names):
        content = _content_of(names)

        def __eq__(self, other):  # noqa: N807
            return content(self) == content(other) if type(self) is type(other) else NotImplemented

        return __eq__

    def _hash_of(names):
        content = _content_of(names)

        def __hash__(self):  # noqa: N807
            return hash(content(self))

        return __hash__

    def _first_init(defaults):
        """An __init__ that puts the compiled one in its own place."""

        def __init__(self, *arguments, **named):  # noqa: N807
            cls = type(self)
            cls.__init__ = _compiled_init(cls, defaults)
            cls.__init__(self, *arguments, **named)

        return __init__

    def _compiled_init(cls, defaults):
        known, parameters, body = {"_absent": object()}, ["self"], []
        for name in cls.__slots__:
            known[f"_set_{name}"] = getattr(cls, name).__set__
            default = defaults.get(name)
            settings = default.settings if isinstance(default, field) else {}
            default = settings.get("default", default)
            parameter, value = name, name
            if "default_factory" in settings:
                known[f"_make_{name}"] = settings["default_factory"]
                parameter, value = f"{name}=_absent", f"_make_{name}() if {name} is _absent else {name}"
            elif name in defaults:
                known[f"_default_{name}"] = default
                parameter = f"{name}=_default_{name}"
            if settings.get("init", True):
                parameters.append(parameter)
            else:
                value = f"_make_{name}()"
            body.append(f"  _set_{name}(self, {value})")
        body.append("  self.__post_init__()" if hasattr(cls, "__post_init__") else "  pass")
        exec("\n".join([f"def __init__({', '.join(parameters)}):", *body]), known)
        return known["__init__"]

    class _Fields:
        """`__dataclass_fields__`: the standard library's word on the same class."""

        def __init__(self, defaults):
            self._defaults = defaults

        def __get__(self, value, cls):
            import dataclasses

            members = {"__annotations__": cls.__annotations__, "__module__": cls.__module__}
            for name, default in self._defaults.items():
                members[name] = dataclasses.field(**default.settings) if isinstance(default, field) else default
            return dataclasses.dataclass(type(cls.__name__, (), members)).__dataclass_fields__

    def _refuse_change(self, name, *value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")

    def _state(self):
        return [getattr(self, name) for name in self.__slots__]

    def _restore(self, state):
        for name, value in zip(self.__slots__, state, strict=True):
            object.__setattr__(self, name, value)
