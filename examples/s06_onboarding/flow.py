"""Take an applicant's documents, have a person review them within two weeks, remind twice a week, open the account."""

from base64 import b64decode
from hashlib import sha256

from flowlattice import (
    BlobWrite,
    DbWrite,
    DedupeStore,
    Escalate,
    Flow,
    Mail,
    Profile,
    by,
    cron,
    days,
    hours,
    http,
    node,
)

from .records import Account, Application, Captured, DocCard


@node(idempotency=by("applicant_id", "documents"))
async def capture_docs(application: Application, documents: BlobWrite) -> Captured:
    keys = []
    for document in application.documents:
        content = b64decode(document.content, validate=True)
        key = f"kyc/{application.applicant_id}/{document.kind}/{sha256(content).hexdigest()}"
        await documents.put(key, content)
        keys.append(key)
    return Captured(
        applicant_id=application.applicant_id, name=application.name, email=application.email, documents=keys
    )


@node(idempotency=by("applicant_id"))
async def open_account(captured: Captured, accounts: DbWrite) -> Account:
    account = Account(applicant_id=captured.applicant_id, name=captured.name, email=captured.email)
    await accounts.upsert("accounts", account, key="applicant_id")
    return account


@node(idempotency=by("applicant_id", "documents", ttl=hours(20)))
async def send_reminder(card: DocCard, mail: Mail, seen: DedupeStore) -> DocCard:
    await mail.send(
        to="compliance@example.com",
        subject=f"Documents of {card.applicant_id} wait for review",
        text="\n".join(card.documents),
    )
    return card


flow = Flow("onboarding", version="1.0.0", profile=Profile.TEMPORAL, summary="Documents, review, account")
start = flow.trigger(http.post("/start", accepts=Application, respond="immediate", max_body_bytes=32_000_000))
review = flow.hitl(
    "doc_review",
    on=capture_docs,
    view=DocCard,
    ttl=days(14),
    on_timeout=Escalate(to="head_of_compliance"),
    approvers="compliance",
)
remind = flow.trigger(cron("0 9 * * 1,3", during=review), name="remind")
flow.connect(start, capture_docs)
flow.connect(capture_docs, open_account)
flow.connect(remind, send_reminder)
flow.residency("eu")
