"""What every page of staff begins with: who asks for what, in which language, when, and from where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.guards import visitor_of
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.staff_errors import StaffError
from pb_service.platform.clock import Clock
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations


@dataclass(frozen=True)
class Visit:
    """One request to a staff page."""

    request: Request[Any, Any, Any]
    actor: Actor
    language: Language
    now: datetime
    visitor: Visitor

    @property
    def words(self) -> Reader:
        """The reader's words, numbers and dates."""
        return Reader(self.language, translations(self.language))

    def path(self, below: str = "") -> str:
        """An address of the staff pages: ``people`` → ``/fi/staff/people``."""
        return f"/{self.language}/staff/{below}".rstrip("/")

    def query(self, name: str) -> str:
        """A parameter of the address, at most 200 characters, cleaned as a field of a form; or an empty text."""
        typed = str(self.request.query_params.get(name, ""))[:200]
        return Form.filled(self.words, typed=typed).value("typed")

    async def form(self) -> Form:
        """The form that was sent."""
        return await parse(self.request, self.words)

    def page(self, template: str, *, form: Form | None = None, status: int = 0, **context: Any) -> Response[str]:
        """Answer with a page of the staff frame: status 422 when its form has errors."""
        refused = form is not None and bool(form.errors)
        return staff_page(
            self.request,
            f"accounts/staff/{template}.html",
            locale=self.language,
            status_code=status or (422 if refused else 200),
            words=self.words,
            form=form,
            **context,
        )

    def refuse(self, form: Form, field: str, error: StaffError) -> None:
        """Note at a field of the form which rule was not kept."""
        form.refuse(field, error.in_words(self.words))


async def visit(
    request: Request[Any, Any, Any], actor: NamedDependency[Actor], clock: NamedDependency[Clock], lang: FromPath[str]
) -> Visit:
    """The dependency ``visit`` of the routers of staff pages."""
    return Visit(request, actor, language_of(lang), clock(), visitor_of(request))
