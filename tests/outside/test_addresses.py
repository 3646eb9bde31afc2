from ipaddress import ip_address, ip_network

import pytest

from outside import addresses

PRIVATE = """
    0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1
    64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254
    fe80::1 fec0::1 ff02::1
"""
PUBLIC = "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808"


@pytest.mark.parametrize("text", PRIVATE.split())
def test_no_address_of_a_private_network_may_be_asked(text: str) -> None:
    assert not addresses.may_be_asked(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_the_open_internet_may_be_asked(text: str) -> None:
    assert addresses.may_be_asked(ip_address(text))


def test_the_operator_can_allow_a_network_and_gets_no_other() -> None:
    allowed = [ip_network("10.1.0.0/16"), ip_network("fd00::/64")]
    assert addresses.may_be_asked(ip_address("10.1.2.3"), allowed=allowed)
    assert addresses.may_be_asked(ip_address("::ffff:10.1.2.3"), allowed=allowed)
    assert addresses.may_be_asked(ip_address("fd00::9"), allowed=allowed)
    assert not addresses.may_be_asked(ip_address("10.2.0.1"), allowed=allowed)
    assert not addresses.may_be_asked(ip_address("169.254.169.254"), allowed=allowed)


def test_a_tunnel_is_judged_by_both_of_its_ends() -> None:
    """Allowing what a tunnel leads to does not allow the tunnel, and the other way round."""
    assert not addresses.is_within(ip_address("2002:a01:203::1"), [ip_network("2002::/16")])
    assert not addresses.may_be_asked(ip_address("2002:7f00:1::"), allowed=[ip_network("2002::/16")])
