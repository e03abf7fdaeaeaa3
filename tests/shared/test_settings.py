"""What the environment may say, and what is said back when it cannot be."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest

from shared.settings import NO_KEYS, VARIABLES, SettingsError, from_environment
from shared.webhook_endpoints import Endpoint

ROOT = Path(__file__).parents[2]
KEYS = json.dumps({name: b64encode(bytes(32)).decode() for name in ("tokens", "fingerprints", "personal")})
SECRET = "whsec_" + b64encode(b"canary".ljust(24, b"-")).decode()
HOOK = {"name": "finance", "url": "https://a.example/x?t=1", "secret": SECRET, "recipients": ["finance/chibi"]}
GIVEN = {
    "WORKFORCE_ENVIRONMENT": "production",
    "WORKFORCE_DATABASE": "postgresql://ledger@db/ledger",
    "WORKFORCE_KEYS_DATABASE": "postgresql://keys@db/keys",
    "WORKFORCE_KEYS": KEYS,
    "WORKFORCE_LEDGER_URL": "http://ledger:8000/",
    "WORKFORCE_KAFKA": "one:9092, [::1]:9093",
    "WORKFORCE_TOPIC": "other.events",
    "WORKFORCE_APP_ROLE": "ledger_app",
    "WORKFORCE_WEBHOOKS": json.dumps([HOOK]),
}


def test_every_variable_arrives_where_it_is_used() -> None:
    found = from_environment(GIVEN)
    assert (found.production, found.log, found.topic, found.app_role) == (True, "json", "other.events", "ledger_app")
    assert (found.database, found.keys_database) == ("postgresql://ledger@db/ledger", "postgresql://keys@db/keys")
    assert (found.ledger_url, found.kafka) == ("http://ledger:8000", ("one:9092", "[::1]:9093"))
    assert found.webhooks == (
        Endpoint(name="finance", url="https://a.example/x?t=1", secret=SECRET, recipients=("finance/chibi",)),
    )


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    found = from_environment({}, data=tmp_path)
    assert (found.environment, found.log, found.topic) == ("development", "plain", "workforce.events")
    assert (found.database, found.ledger_url, found.kafka, found.webhooks) == ("", "", (), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKFORCE_ENVIRONMENT", "staging"),
        ("WORKFORCE_DATABASE", "mysql://root:canary@db/ledger"),
        ("WORKFORCE_KEYS_DATABASE", "canary"),
        ("WORKFORCE_KEYS", '{"tokens": "canary"}'),
        ("WORKFORCE_LEDGER_URL", "ledger:8000"),
        ("WORKFORCE_LEDGER_URL", "http://user:canary@ledger:8000"),
        ("WORKFORCE_LEDGER_URL", "http://ledger:8000/ledger/v1"),
        ("WORKFORCE_LEDGER_URL", "http://ledger:99999"),
        ("WORKFORCE_KAFKA", ""),
        ("WORKFORCE_KAFKA", " , "),
        ("WORKFORCE_KAFKA", "broker"),
        ("WORKFORCE_KAFKA", "broker:0"),
        ("WORKFORCE_TOPIC", "two words"),
        ("WORKFORCE_APP_ROLE", 'role"; DROP TABLE'),
        ("WORKFORCE_LOG", "xml"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_no_secret_is_repeated(name: str, value: str) -> None:
    """P25."""
    with pytest.raises(SettingsError, match=f"{name}|the keys are not") as refused:
        from_environment(GIVEN | {name: value})
    assert "canary" not in str(refused.value)


SHORT, LONG = ("whsec_" + b64encode(b"canary".ljust(size, b"-")).decode() for size in (23, 65))


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("canary", ": not JSON"),
        ({"url": "canary"}, ": expected `array`"),
        (["canary"], "[0]: expected `object`"),
        ([{**HOOK, "canary": 1}], "[0]: object contains unknown field"),
        (
            [{name: value for name, value in HOOK.items() if name != "name"}],
            "[0]: object missing required field `name`",
        ),
        ([HOOK | {"name": "Can Ary"}], "[0].name: "),
        ([HOOK, HOOK], "[1].name: another endpoint has this name"),
        ([HOOK | {"url": "ftp://canary.example"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "canary.example"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "https:///canary"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "https://a.example:99999/canary"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "https://canary:canary@a.example"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "https://a.example/#canary"}], "[0].url: not an http or https address"),
        ([HOOK | {"url": "https://a.example/can ary"}], "[0].url: not an http or https address"),
        ([HOOK, HOOK | {"name": "other", "secret": "canary"}], "[1].secret: not whsec_"),
        ([HOOK | {"secret": SHORT}], "[0].secret: not whsec_"),
        ([HOOK | {"secret": LONG}], "[0].secret: not whsec_"),
        ([HOOK | {"secret": SECRET[:-1] + "!"}], "[0].secret: not whsec_"),
        ([HOOK | {"secret": SECRET + "  " + SECRET}], "[0].secret: not whsec_"),
        ([HOOK | {"recipients": []}], "[0].recipients: "),
        ([HOOK | {"recipients": "finance/chibi"}], "[0].recipients: expected `array`"),
        ([HOOK | {"recipients": ["finance/chibi", "boss/canary"]}], "[0].recipients[1]: "),
        ([HOOK | {"recipients": ["finance/chibi", "finance/chibi"]}], "[0].recipients: one of them stands there twice"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_by_its_place_and_no_secret_is_repeated(said: object, place: str) -> None:
    """P25."""
    text = said if isinstance(said, str) else json.dumps(said)
    with pytest.raises(SettingsError) as refused:
        from_environment(GIVEN | {"WORKFORCE_WEBHOOKS": text})
    assert str(refused.value).startswith(f"WORKFORCE_WEBHOOKS{place}")
    assert "canary" not in str(refused.value).replace("unknown field `canary`", "")
    assert SECRET not in str(refused.value)


def test_two_secrets_stand_beside_each_other_while_one_replaces_the_other() -> None:
    hook = HOOK | {"secret": f"{SECRET} {SECRET[:-4]}LS0t"}
    (found,) = from_environment(GIVEN | {"WORKFORCE_WEBHOOKS": json.dumps([hook])}).webhooks
    assert found.secrets == (SECRET, f"{SECRET[:-4]}LS0t")


def test_settings_that_are_printed_show_no_secret_and_no_address_of_a_webhook() -> None:
    """P25."""
    shown = repr(from_environment(GIVEN).webhooks)
    assert SECRET not in shown
    assert "a.example" not in shown


def test_a_process_says_what_it_misses_and_reads_no_keys_when_it_needs_none() -> None:
    with pytest.raises(SettingsError, match="WORKFORCE_DATABASE and WORKFORCE_KAFKA must be set"):
        from_environment({}, needed=("WORKFORCE_DATABASE", "WORKFORCE_KAFKA"))
    assert from_environment({"WORKFORCE_ENVIRONMENT": "production"}, needed=()).keys == NO_KEYS
    with pytest.raises(SettingsError, match="WORKFORCE_KEYS is not set"):
        from_environment({"WORKFORCE_ENVIRONMENT": "production"})


def test_readme_lists_every_variable_with_its_line_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", text, flags=re.MULTILINE)
    assert dict(table) == VARIABLES
    assert len(table) == len(VARIABLES)


def test_every_variable_that_the_code_reads_is_listed() -> None:
    sources = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "services").rglob("*.py")))
    read = {name for text in sources for name in re.findall(r"\b(?:WORKFORCE|OTEL)(?:_[A-Z]+)+\b", text)}
    assert read == set(VARIABLES)
