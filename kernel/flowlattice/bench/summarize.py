"""The flow of `flows bench llm`: examples/s09_doc_summarize, in the package so that an installed kernel has it too."""

from collections.abc import AsyncIterator
from typing import Annotated

from flowlattice import (
    AiRead,
    Flow,
    Profile,
    Record,
    TokenBudget,
    field,
    http,
    model,
    node,
    per,
    seconds,
    tokens,
    usd,
)


class Document(Record, data="internal"):
    """What is summarised."""

    text: Annotated[str, field(min_length=1, max_length=6_000)]


class ChatReq(Record, data="internal"):
    """What the model is asked."""

    prompt: str
    document: Document


class ChatDelta(Record, data="internal"):
    """The next piece of its answer."""

    text: str
    end: str | None = None


@node
def make_prompt(document: Document) -> ChatReq:
    """Say what is wanted; the text itself goes along as data."""
    return ChatReq(prompt="Summarise the document's text in at most five sentences.", document=document)


@node
async def openai_chat_stream(
    request: ChatReq,
    ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=400, usd_per_million=("0.15", "0.60"))],
    budget: Annotated[TokenBudget, per(day=usd(5), call=tokens(2_500), on_exhausted="shrink")],
) -> AsyncIterator[ChatDelta]:
    """Ask, and pass on what comes as it comes."""
    async for piece in ai.stream(request.prompt, data=request.document):
        yield ChatDelta(text=piece)
    if budget.exhausted:
        yield ChatDelta(text="", end="budget_exhausted")


flow = Flow("doc_summarize", version="1.0.0", profile=Profile.WEB, summary="A text's summary, streamed")
hook = flow.trigger(http.post("/sum", accepts=Document, respond="explicit", deadline=seconds(25)))
flow.connect(hook, make_prompt)
flow.connect(make_prompt, openai_chat_stream)
flow.connect(openai_chat_stream, flow.respond(body="events", stream=True))
flow.rate_limit(qps=20, burst=40)
