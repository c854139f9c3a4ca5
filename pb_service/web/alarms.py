"""Alarms in words: one mail in all languages, since nobody knows who is on duty."""

from collections.abc import Callable, Mapping, Sequence

from pb_service.platform.alarms import Word
from pb_service.platform.mail import Letter
from pb_service.web.formats import Reader
from pb_service.web.locales import LANGUAGES, translations
from pb_service.web.render import environment

_SENTENCES: Mapping[str, Callable[[Reader], str]] = {
    "certificate": lambda words: words.gettext("The certificate of the service's address ends on %(figure)s."),
    "database": lambda words: words.gettext("The database cannot be reached. Pages that need it answer with an error."),
    "disk": lambda words: words.gettext("Only %(figure)s are free on the disk of %(machine)s."),
    "feedback": lambda words: words.gettext(
        "%(figure)s persons have waited for more than fourteen days for an answer about accessibility. The law allows "
        "no longer. The staff page about feedback shows them."
    ),
    "jobs": lambda words: words.gettext("%(figure)s jobs are stuck. The staff page about jobs says which and why."),
    "mail": lambda words: words.gettext("%(figure)s mails do not leave. The staff page about jobs says why."),
    "redis": lambda words: words.gettext(
        "Redis cannot be reached. The service goes on: each process keeps pages and limits for itself."
    ),
    "sequencer": lambda words: words.gettext(
        "The public record stands still: new entries get no place. Nothing is published in it until that is mended."
    ),
    "witnesses": lambda words: words.gettext(
        "Public records that too few witnesses have signed in the last twenty minutes: %(figure)s. The log of the "
        "service says which witness does not sign, and why."
    ),
}


def alarm_letter(told: Sequence[Word], public_url: str) -> Letter:
    """Return the mail about alarms that begin or end."""
    readers = [(language, Reader(language, translations(language))) for language in LANGUAGES]
    sections = [
        {
            "language": language,
            "title": words.gettext("Alarm"),
            "begun": [sentence(word, words) for word in told if not word.ended],
            "over": words.gettext("This is over:"),
            "ended": sorted({_kind(word, words) for word in told if word.ended}),
        }
        for language, words in readers
    ]
    # The host alone: what is wrong is not for everybody who sees a subject.
    subject = f"{' / '.join(str(section['title']) for section in sections)}: {public_url.partition('://')[2]}"
    context = {"sections": sections, "public_url": public_url}
    made = environment("en")
    return Letter(
        subject=subject,
        text=made.overlay(autoescape=False).get_template("mail/alarm.txt").render(context),
        html=made.get_template("mail/alarm.html").render(context),
    )


def sentence(word: Word, words: Reader) -> str:
    """What is wrong, in one sentence or two."""
    kind, _, machine = word.name.partition("@")
    return _SENTENCES[kind](words) % {"figure": word.figure, "machine": machine}


def _kind(word: Word, words: Reader) -> str:
    kind, _, machine = word.name.partition("@")
    return f"{_KINDS[kind](words)} ({machine})" if machine else _KINDS[kind](words)


_KINDS: Mapping[str, Callable[[Reader], str]] = {
    "certificate": lambda words: words.gettext("Certificate"),
    "database": lambda words: words.gettext("Database"),
    "disk": lambda words: words.gettext("Disk"),
    "feedback": lambda words: words.gettext("Feedback"),
    "jobs": lambda words: words.gettext("Jobs"),
    "mail": lambda words: words.gettext("Mail"),
    "redis": lambda words: words.gettext("Redis"),
    "sequencer": lambda words: words.gettext("Public record"),
    "witnesses": lambda words: words.gettext("Witnesses"),
}
