"""A marketing website of fifteen routes: pages, a change log that streams, and a contact form."""

from collections.abc import AsyncIterator
from html import escape

from flowlattice import DedupeStore, Empty, Flow, KvRead, Mail, Merge, Profile, Switch, by, days, http, node, seconds

from .pages import FORM, HOME, PAGES
from .records import ChangelogRequest, ContactForm, PageRequest, Release


def slug_of(request: PageRequest) -> str:
    return request.slug


def html(title: str, paragraphs: tuple[str, ...], form: str = "") -> str:
    links = "".join(f'<a href="/{slug}">{escape(name)}</a> ' for slug, (name, _) in PAGES.items())
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f"<!doctype html><title>{escape(title)}</title><nav>{links}</nav>"
    return f"{head}<h1>{escape(title)}</h1>{body}{form}"


@node
def home(_: Empty) -> PageRequest:
    return PageRequest(slug="home")


@node
def render_page(request: PageRequest) -> str:
    return html(*PAGES.get(request.slug, HOME), form=FORM if request.slug == "contact" else "")


@node
def render_missing(request: PageRequest) -> str:
    return html("Not found", (f"There is no page {request.slug}.",))


@node
async def stream_changelog(request: ChangelogRequest, releases: KvRead) -> AsyncIterator[Release]:
    version = await releases.get("latest")
    if request.after is not None and (entry := await releases.get(request.after)) is not None:
        version = Release.model_validate_json(entry).before
    while version is not None and (entry := await releases.get(version)) is not None:
        release = Release.model_validate_json(entry)
        yield release
        version = release.before


@node(idempotency=by("name", "email", "message", ttl=days(1)))
async def handle_contact(form: ContactForm, mail: Mail, seen: DedupeStore) -> str:
    await mail.send(to="hello@example.com", subject=f"Message from {form.name}", text=form.message, reply_to=form.email)
    return html("Thank you", (f"Thank you, {form.name}. We will write to {form.email}.",))


flow = Flow("site", version="1.0.0", profile=Profile.WEB, summary="A marketing website with a change log and a form")
root = flow.trigger(http.get("/", respond="explicit", deadline=seconds(25)), name="get_home")
slug = flow.trigger(http.get("/{slug}", accepts=PageRequest, respond="explicit", deadline=seconds(25)), name="get_page")
log = flow.trigger(
    http.get("/changelog", accepts=ChangelogRequest, respond="explicit", deadline=seconds(25)), name="get_changelog"
)
form = flow.trigger(
    http.post("/contact", accepts=ContactForm, body="form", respond="explicit", deadline=seconds(25)), name="contact"
)
route = Switch(slug_of, cases=[*PAGES])
pages = Merge[PageRequest](name="pages")
flow.connect(root, home)
flow.connect(home, pages)
flow.connect(slug, route)
for page in PAGES:
    flow.connect(route.case(page), pages)
flow.connect(pages, render_page)
flow.connect(route.default, render_missing)
flow.connect(log, stream_changelog)
flow.connect(form, handle_contact)
flow.connect(render_page, flow.respond(body="html", name="page"))
flow.connect(render_missing, flow.respond(status=404, body="html", name="missing"))
flow.connect(stream_changelog, flow.respond(body="events", stream=True, event_id="version", name="changelog"))
flow.connect(handle_contact, flow.respond(body="html", name="thanks"))
flow.rate_limit(qps=200, burst=400)
