"""A client that speaks the published HTTP API: versions, idempotency keys and refusals taken care of."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, BinaryIO

import httpx

from shared.principals import Role


class RefusedByServer(Exception):
    """The server said no; `problem` is its problem details."""

    def __init__(self, problem: dict[str, Any]) -> None:
        detail = f"{problem.get('code', '?')}: {problem.get('detail', '')}"
        where = f" (at {problem['pointer']})" if problem.get("pointer") else ""
        super().__init__(f"{detail}{where}. {problem.get('remedy', '')}")
        self.problem = problem


class Client:
    """One person's view of the system: base address, tokens by role, and the versions seen so far."""

    def __init__(self, base_url: str, tokens: dict[Role, str], *, key_prefix: str = "") -> None:
        self.http = httpx.Client(base_url=base_url, timeout=120)
        self.tokens = tokens
        self.versions: dict[str, int] = {}
        self._prefix = key_prefix
        self._sent = 0

    def command(
        self,
        path: str,
        body: dict[str, Any],
        *,
        role: Role = Role.ADMIN,
        subject: str | None = None,
        version: int | None = None,
        key: str | None = None,
        plan: bool = False,
    ) -> dict[str, Any]:
        """Send one command, over a `version` or that of the `subject` when last seen. Raises RefusedByServer."""
        self._sent += 1
        headers = {"Authorization": f"Bearer {self.tokens[role]}", "Idempotency-Key": key or self._key(path)}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        elif subject is not None:
            headers["If-Match"] = f'"{self.versions[subject]}"' if subject in self.versions else "*"
        answer = self.http.post(path, json=body, headers=headers, params={"mode": "plan"} if plan else {})
        found = _checked(answer)
        self.versions.update(found.get("streams", {}))
        return found

    def read(self, path: str, *, role: Role = Role.AUDITOR, **params: Any) -> dict[str, Any]:
        """Ask one question. Raises RefusedByServer."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        given = {name: value for name, value in params.items() if value is not None}
        return _checked(self.http.get(path, headers=headers, params=given))

    def text(self, path: str, *, role: Role = Role.FINANCE, **params: Any) -> str:
        """An answer that is not JSON, such as CSV. Raises RefusedByServer."""
        return self.content(path, role=role, **params).decode()

    def content(self, path: str, *, role: Role = Role.FINANCE, **params: Any) -> bytes:
        """A file. Raises RefusedByServer."""
        answer = self.http.get(path, headers={"Authorization": f"Bearer {self.tokens[role]}"}, params=params)
        if answer.status_code >= 400:
            _checked(answer)
        return answer.content

    def upload(
        self, path: str, content: BinaryIO, params: Mapping[str, str], *, media: str, key: str, role: Role = Role.ADMIN
    ) -> Iterator[dict[str, Any]]:
        """Send a file as it is read; the lines of the answer as they come. Raises RefusedByServer."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", "Idempotency-Key": key, "Content-Type": media}
        parts = iter(lambda: content.read(2**16), b"")
        with self.http.stream("POST", path, content=parts, headers=headers, params=params) as answer:
            if answer.status_code >= 400:
                answer.read()
                _checked(answer)
            yield from (json.loads(line) for line in answer.iter_lines())

    def pages(self, path: str, items: str, *, role: Role = Role.AUDITOR, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a paged answer."""
        after: Any = None
        while True:
            page = self.read(path, role=role, after=after, **params)
            yield from page[items]
            after = page["next_after"]
            if after is None:
                return

    def _key(self, path: str) -> str:
        return sha256(f"{self._prefix}/{self._sent}/{path}".encode()).hexdigest()[:32]


def basis(document: str, day: date, clause: str = "") -> dict[str, str]:
    """The paper an act rests on."""
    return {"document": document, "date": day.isoformat(), "clause": clause}


def _checked(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        detail = f"the server answered {answer.status_code}, and not as this system answers"
        found = {"code": "internal", "detail": detail, "remedy": "look whether the address is that of the system"}
        raise RefusedByServer(found)
    if answer.status_code >= 400:
        raise RefusedByServer(found)
    return found
