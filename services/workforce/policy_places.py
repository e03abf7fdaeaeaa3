"""A YAML file as plain values together with the line at which each of them stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[int, int]
"""(line, column), both from 1."""


class _Loader(yaml.SafeLoader):
    """Numbers with a point and dates stay text, so that 0.70 is exactly 0.70."""


_AS_TEXT = {"tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"}
_Loader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in resolvers if tag not in _AS_TEXT]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
