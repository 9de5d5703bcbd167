"""The address at which a run accepts the workers of others."""

import pytest

from fxai.errors import InputError
from fxai.study.join.listen_address import ListenAddress, address_towards, parse_listen_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", ListenAddress("192.0.2.7")),
        ("worker1.example.com:8053", ListenAddress("worker1.example.com", 8053)),
        ("[2001:db8::7]:8053", ListenAddress("2001:db8::7", 8053)),
        ("[::1]", ListenAddress("::1")),
    ],
)
def test_addresses(text: str, expected: ListenAddress) -> None:
    assert parse_listen_address(text) == expected


@pytest.mark.parametrize("text", ["", "a b", "host:", "host:port", "host:70000", "2001:db8::7", "[::]:80"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InputError, match="--join-address"):
        parse_listen_address(text)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@127.0.0.1/db", "postgresql://u@localhost:5433/db", "postgresql:///db", "mysql://u@localhost/db"],
)
def test_a_database_on_this_machine_is_reached_by_the_loopback_interface(url: str) -> None:
    assert address_towards(url) in {ListenAddress("127.0.0.1"), ListenAddress("::1")}
