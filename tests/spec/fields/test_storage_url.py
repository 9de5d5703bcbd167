from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.spec.fields.storage_url import check_storage_url, redact_secrets, shown


@given(password=st.text(min_size=6).filter(lambda text: text not in "postgresql://me:***@host:5432/db"))
def test_no_part_of_a_password_is_shown(password: str) -> None:
    url = f"postgresql://me:{password}@host:5432/db"
    assert shown(url) == "postgresql://***@host:5432/db"
    assert password not in redact_secrets(f"cannot reach {url} as {password!s}", url)
    encoded = f"postgresql://me:{quote(password, safe='', errors='replace')}@host/db"
    assert check_storage_url(encoded) == encoded


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///a@b.db", "sqlite:///a@b.db"),
        ("sqlite:////home/me@work/studies.db", "sqlite:////home/me@work/studies.db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("mysql+pymysql://me@host/db", "mysql+pymysql://***@host/db"),
        ("postgresql://me:${PASSWORD}@host/db", "postgresql://me:${PASSWORD}@host/db"),
        ("postgresql://me:x${PASSWORD}@host/db", "postgresql://***@host/db"),
        (
            "postgresql://host/db?user=me&password=secret&sslmode=x",
            "postgresql://host/db?user=me&password=***&sslmode=x",
        ),
        ("postgresql://me:secret", "postgresql://***"),
        ("me:secret@host/db", "me:***@host/db"),
        ("secret@host", "***@host"),
    ],
)
def test_what_is_shown(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_second_at_is_refused_without_the_url() -> None:
    with pytest.raises(ValueError, match="percent-encode") as refusal:
        check_storage_url("postgresql://me:se@cret@host/db")
    assert "cret" not in str(refusal.value).replace("percent", "")
    assert check_storage_url("sqlite:///a@b@c.db") == "sqlite:///a@b@c.db"
