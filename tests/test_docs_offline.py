"""The pages of the services load with no network: everything they refer to is served by the service itself."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.testclient import TestClient

from shared.settings import Keys, Settings
from workforce.system import compose

SERVICES = ("ledger", "payroll", "notifications")
SCHEMAS = Path(__file__).parent.parent / "schemas"
HOST = "workforce.test"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the composed system, without a token: pages are open, data is not."""
    keys = Keys(tokens=b"t" * 32, fingerprints=b"f" * 32, personal=b"p" * 32)
    folder = tmp_path_factory.mktemp("docs")
    system = compose(Settings(data=folder, database="", environment="development", keys=keys))
    yield TestClient(system.app, base_url=f"http://{HOST}")
    system.close()


class References(HTMLParser):
    """The addresses a page asks a browser to fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect src and href of every element but links for people."""
        self.found += [value for name, value in attrs if name in ("src", "href") and value and tag != "a"]


def fetched(page: str) -> list[str]:
    """What the page loads: elements, and the document its script opens."""
    return [*References(page).found, *re.findall(r"""\burl:\s*['"]([^'"]+)['"]""", page)]


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_of_a_service_and_all_it_loads_comes_from_the_service(browser: TestClient, service: str) -> None:
    where = f"/{service}/v1/docs"
    page = browser.get(where)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    loaded = fetched(page.text)
    assert len(loaded) == 4, "a style, a script, an icon, the OpenAPI document"
    for reference in loaded:
        address = urlsplit(urljoin(f"http://{HOST}{where}", reference))
        assert address.netloc == HOST, reference
        assert address.path.startswith(f"/{service}/v1/"), reference
        answer = browser.get(address.path)
        assert answer.status_code == 200, reference
        assert len(answer.content) > 500, reference


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_names_no_other_host(browser: TestClient, service: str) -> None:
    page = browser.get(f"/{service}/v1/docs").text
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_style_of_the_page_loads_nothing_from_elsewhere(browser: TestClient, service: str) -> None:
    style = browser.get(f"/{service}/v1/static/swagger-ui.css").text
    assert re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", style) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_behind_the_page_is_the_one_that_is_checked_in(browser: TestClient, service: str) -> None:
    served = browser.get(f"/{service}/v1/openapi.json").json()
    checked_in = json.loads((SCHEMAS / "openapi" / f"{service}.json").read_text(encoding="utf-8"))
    assert served["paths"].keys() == checked_in["paths"].keys()
    assert served["servers"] == checked_in["servers"] == [{"url": f"/{service}/v1"}]
