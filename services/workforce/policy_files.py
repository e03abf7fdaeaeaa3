"""Policy files: YAML as people write it, read without a float in between."""

from pathlib import Path
from typing import Any

import msgspec
import yaml

from shared.policy_document import PolicyDocument, as_written, faults


class PolicyFileError(ValueError):
    """The file cannot be read as a policy; the message names the place."""


class _Loader(yaml.SafeLoader):
    """Numbers with a point stay text, so that 0.70 is exactly 0.70."""


_Loader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_policy(path: Path) -> dict[str, Any]:
    """The document as JSON-ready values, checked for shape and soundness. Raises PolicyFileError."""
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        document = msgspec.convert(given, PolicyDocument, strict=False)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise PolicyFileError(f"{path}: {error}") from error
    wrong = faults(document)
    if wrong:
        raise PolicyFileError("; ".join(f"{path}{pointer}: {sentence}" for pointer, sentence in wrong))
    return dict(as_written(document))
