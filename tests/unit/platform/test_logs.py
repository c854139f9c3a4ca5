"""What may stand in a log."""

from pb_service.platform.logs import only_allowed


def test_a_field_that_nobody_thought_about_is_not_logged() -> None:
    event = {"event": "signin.failed", "email": "matti@example.org", "status": 401}
    assert only_allowed(None, "info", event) == {"event": "signin.failed", "status": 401}
