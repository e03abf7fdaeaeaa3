"""Turns a message into the words a person reads, from the plain-text templates of this folder.

The first line of a template is the subject, the second is empty, the rest is the body.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from msgspec import Struct

from notifications.rules import Message

TEMPLATES = Path(__file__).parent / "templates"


class Words(Struct, frozen=True):
    """A rendered message."""

    subject: str
    body: str


def render(message: Message) -> Words:
    """The message in words. Raises jinja2.UndefinedError when the template asks for a value it is not given."""
    text = _template(message.template).render(message.values)
    subject, _, body = text.partition("\n")
    return Words(subject.strip(), body.strip() + "\n")


# Plain text: nothing is escaped, and nothing here is ever shown as HTML without being escaped there.
_ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False)


@cache
def _template(name: str) -> Template:
    return _ENVIRONMENT.get_template(f"{name}.txt")
