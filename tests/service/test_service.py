"""The service as commands and the application are given it."""

from dataclasses import replace

from pb_service.service import Service, on_port


def test_links_in_mails_follow_the_port_that_was_free(service: Service) -> None:
    moved = on_port(service, 8003)
    assert moved.settings.public_url == moved.mailer.public_url == "http://localhost:8003"


def test_an_address_that_was_set_stays(service: Service) -> None:
    given = replace(service, settings=replace(service.settings, public_url="https://budget.example.org"))
    assert on_port(given, 8003) is given
