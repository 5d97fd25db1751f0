"""Which URLs a webhook may have, and which addresses the DIP calls."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import callback_urls
from channels.callback_urls import InvalidCallbackUrl
from dip_portal.lib.addresses import may_call, networks

LOOPBACK = networks(["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.superenergy.co.uk",
        "https://hooks.superenergy.co.uk/dip/1494431682/PUB-036?key=a%20b&c",
        "https://hooks.superenergy.co.uk/role/publication",
        "HTTPS://Hooks.SuperEnergy.Example:8443/x;y=1",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]:444/hook",
        "https://hooks.superenergy.co.uk./dip",
        "  https://hooks.superenergy.co.uk/dip \n",
    ],
)
def test_a_public_https_url_is_taken_as_it_is(url: str) -> None:
    assert callback_urls.check(url) == url.strip()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "Enter a URL"),
        ("   ", "Enter a URL"),
        ("http://hooks.example/dip", "begin with https"),
        ("hooks.superenergy.co.uk/dip", "begin with https"),
        ("https:/hooks.superenergy.co.uk", "begin with https"),
        ("https://", "begin with https"),
        ("javascript://hooks.example/%0aalert(1)", "begin with https"),
        ("https://user:secret@hooks.example/", "user name and password"),
        ("https://user@hooks.example/", "user name and password"),
        ("https://hooks.example@127.0.0.1/", "user name and password"),
        ("https://hooks.example/#part", "Leave out the #"),
        ("https://hooks.example/#", "Leave out the #"),
        ("https://hooks.example/a b", "a space"),
        ("https://hooks.example/a\tb", "a space"),
        ("https://hooks.example/a\r\nX-Evil: 1", "a space"),
        ("https://hooks.example/\x00", "a space"),
        ("https://hooks.example\\@10.0.0.1/", "a space"),
        ("https://bücher.example/", "xn--"),
        ("https://hooks.example/ü", "xn--"),
        ("https://hooks.example/{dip_id}", "Set many by a pattern"),
        ("https://hooks.example/{other}", "a space"),
        ("https://hooks.example:0/", "Port 0"),
        ("https://hooks.example:65536/", "cannot be read"),
        ("https://hooks.example:x/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https:///dip", "no public host"),
        ("https://localhost/", "no public host"),
        ("https://hooks.localhost/", "no public host"),
        ("https://printer.local/", "no public host"),
        ("https://metadata.google.internal/", "no public host"),
        ("https://hooks/", "no public host"),
        ("https://under_score.example/", "no public host"),
        ("https://-a.example/", "no public host"),
        ("https://127.0.0.1/", "no public address"),
        ("https://10.1.2.3/", "no public address"),
        ("https://172.16.0.1/", "no public address"),
        ("https://192.168.1.1:8443/", "no public address"),
        ("https://169.254.169.254/latest/meta-data/", "no public address"),
        ("https://100.64.0.1/", "no public address"),
        ("https://168.63.129.16/", "no public address"),
        ("https://0.0.0.0/", "no public address"),
        ("https://224.0.0.1/", "no public address"),
        ("https://255.255.255.255/", "no public address"),
        ("https://[::1]/", "no public address"),
        ("https://[::]/", "no public address"),
        ("https://[::ffff:127.0.0.1]/", "no public address"),
        ("https://[::ffff:a9fe:a9fe]/", "no public address"),
        ("https://[::7f00:1]/", "no public address"),
        ("https://[64:ff9b::10.0.0.1]/", "no public address"),
        ("https://[2002:7f00:1::]/", "no public address"),
        ("https://[fe80::1]/", "no public address"),
        ("https://[fd00:ec2::254]/", "no public address"),
        ("https://[fec0::1]/", "no public address"),
        ("https://2130706433/", "no public host"),
        ("https://0x7f000001/", "no public host"),
        ("https://0177.0.0.1/", "no public host"),
        ("https://127.1/", "no public host"),
        ("https://hooks.example/" + "a" * 1000, "at most 1000"),
    ],
)
def test_any_other_url_is_refused_and_the_text_says_why(url: str, why: str) -> None:
    with pytest.raises(InvalidCallbackUrl, match=why):
        callback_urls.check(url)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:8443/x", "https://[::1]/", "https://localhost:1/", "https://hooks/"]
)
def test_a_testers_environment_lets_in_what_it_names(url: str) -> None:
    assert callback_urls.check(url, LOOPBACK) == url


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://127.0.0.1/", "https://2130706433/"])
def test_and_nothing_else(url: str) -> None:
    with pytest.raises(InvalidCallbackUrl):
        callback_urls.check(url, LOOPBACK)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_private_address_within_ipv6_is_private(address: ipaddress.IPv4Address) -> None:
    for network in ("::ffff:0:0", "64:ff9b::", "::"):
        whole = int(ipaddress.IPv6Address(network)) | int(address)
        assert not may_call(ipaddress.IPv6Address(whole))
    assert may_call(ipaddress.IPv6Address(f"::ffff:{address}"), networks(["10.0.0.0/8"]))


@given(st.text(max_size=60))
def test_no_text_brings_it_down(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example/{text}"):
        try:
            taken = callback_urls.check(url)
        except InvalidCallbackUrl:
            continue
        assert taken.isascii()
        assert taken.lower().startswith("https://")


@given(st.text(max_size=60))
def test_a_pattern_that_is_taken_can_be_filled(text: str) -> None:
    try:
        pattern = callback_urls.check_pattern(text)
    except InvalidCallbackUrl:
        return
    filled = callback_urls.fill(pattern, dict.fromkeys(callback_urls.PLACEHOLDERS, "X"))
    assert "{" not in filled
    assert "}" not in filled


@pytest.mark.parametrize(
    "pattern",
    [
        "https://hooks.example/{dip}",
        "https://hooks.example/{}",
        "https://hooks.example/{0}",
        "https://hooks.example/{dip_id!r}",
        "https://hooks.example/{dip_id:>999999999}",
        "https://hooks.example/{dip_id.__class__}",
        "https://hooks.example/{dip_id[0]}",
        "https://hooks.example/{dip_id",
        "https://hooks.example/dip_id}",
        "https://hooks.example/{{dip_id}}",
    ],
)
def test_what_is_no_placeholder_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidCallbackUrl, match=r"\{dip_id\}, \{mpid\}, \{role\}"):
        callback_urls.check_pattern(pattern)


def test_what_may_be_secret_in_a_url_is_not_told() -> None:
    told = callback_urls.without_query("https://hooks.example/dip?token=secret")

    assert told == "https://hooks.example/dip?…"
    assert callback_urls.without_query("https://hooks.example/dip") == "https://hooks.example/dip"
