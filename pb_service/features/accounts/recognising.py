"""Who bears the cookies of requests: looked up for all that come at the same time, in one transaction.

In the last hours of a vote several hundred people act each second; a transaction for each of them to learn who they are
cost more than everything else that was done for them. Nothing is remembered from one look-up to the next: a session
that was ended is nobody's from the next request on.
"""

from collections.abc import Mapping, Sequence

from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import Actor
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.together import Together

#: Seconds between the beginnings of two look-ups while many come at once.
_APART = 0.05


class Recogniser:
    """One of these an application."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._crowd: Together[str, Actor | None] = Together(self._look_up, apart=_APART)

    async def recognise(self, token: str) -> Actor:
        """Return who bears a cookie's value, as `sessions.recognise` does. Raises DatabaseUnavailable."""
        actor = await self._crowd.ask(token)
        if actor is not None:
            return actor
        async with self._database.transaction() as session:
            return await sessions.recognise(session, token, now=self._clock())

    async def _look_up(self, tokens: Sequence[str]) -> Mapping[str, Actor | None]:
        async with self._database.transaction() as session:
            return await sessions.recognise_many(session, tokens, now=self._clock())
