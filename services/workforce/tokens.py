"""Development tokens: minted on the command line with the installation's own key, refused in production."""

from datetime import timedelta

from shared.auth import mint
from shared.calendar_day import utc_now
from shared.principals import OFFICE, Principal, Role, Scope
from shared.settings import Settings, SettingsError


def development_token(settings: Settings, principal: Principal, lifetime: timedelta = timedelta(hours=12)) -> str:
    """A bearer token. Raises SettingsError in production, where tokens come from the identity provider."""
    if settings.production:
        raise SettingsError("production refuses development tokens; take one from the identity provider")
    return mint(principal, settings.keys.tokens, now=utc_now(), lifetime=lifetime)


def office_tokens(settings: Settings, city_id: str) -> dict[Role, str]:
    """One token per office role for a city; each role is another person."""
    return {
        role: development_token(settings, Principal(f"{role.value}@{city_id}", role, Scope("city", city_id)))
        for role in sorted(OFFICE)
    }
