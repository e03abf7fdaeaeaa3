"""A YAML file as plain values together with the line at which each of them stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from shared.policy_check import Bare

Place = tuple[int, int]
"""(line, column), both from 1."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `no` and dates are texts, and a number with a point keeps every place of it."""


def _bare(loader: _Loader, node: yaml.ScalarNode) -> Bare:
    """A number without quotes, in digits: 1e3 is 1000."""
    figure = Decimal(node.value)
    return Bare(f"{figure:f}" if abs(figure.adjusted()) < _LONGEST else node.value)


_LONGEST = 40
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)$")
_WORDS = {
    "tag:yaml.org,2002:bool": (re.compile("(true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "tag:yaml.org,2002:null": (re.compile("(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    "tag:yaml.org,2002:int": (re.compile("[-+]?[0-9]+$"), "-+0123456789"),
    "tag:yaml.org,2002:float": (_NUMBER, "-+.0123456789"),
    "tag:yaml.org,2002:merge": (re.compile("<<$"), "<"),
}
_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _starts) in _WORDS.items():
    _Loader.add_implicit_resolver(_tag, _pattern, list(_starts))
_Loader.add_constructor("tag:yaml.org,2002:float", _bare)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


@dataclass
class Placed:
    """What a file says: plain values with keys as text, where each pointer stands, and keys that stand twice."""

    value: Any = None
    places: dict[str, Place] = field(default_factory=dict)
    twice: list[tuple[str, Place]] = field(default_factory=list)

    def at(self, pointer: str) -> Place:
        """Where the pointer stands, or the nearest thing above it."""
        while pointer not in self.places and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, (1, 1))


def placed(text: str) -> Placed:
    """The values of a YAML text and their places. Raises yaml.YAMLError, also for a value that holds itself."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        found = Placed()
        if node is not None:
            found.places[""] = _place(node)
            found.value = _value(loader, node, "", found, ())
        return found
    finally:
        loader.dispose()


def _value(loader: _Loader, node: Any, pointer: str, found: Placed, above: tuple[Any, ...]) -> Any:
    if node in above:
        raise yaml.MarkedYAMLError(problem="a value holds itself", problem_mark=node.start_mark)
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        found.twice += _twice(node, pointer)
        loader.flatten_mapping(node)
        values = {}
        for key, below in node.value:
            place = f"{pointer}/{key.value}"
            found.places[place] = _place(key)
            values[str(key.value)] = _value(loader, below, place, found, above)
        return values
    if isinstance(node, yaml.SequenceNode):
        values_in_order = []
        for number, below in enumerate(node.value):
            place = f"{pointer}/{number}"
            found.places[place] = _place(below)
            values_in_order.append(_value(loader, below, place, found, above))
        return values_in_order
    return loader.construct_object(node)


def _twice(node: yaml.MappingNode, pointer: str) -> Iterator[tuple[str, Place]]:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            yield f"{pointer}/{key.value}", _place(key)
        seen.add(key.value)


def _place(node: Any) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
