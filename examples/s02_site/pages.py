"""The pages of the site by their slugs: title and paragraphs. The home page is `home`."""

PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "product": ("Product", ("Flows are typed dataflow programs.", "They are checked before they run.")),
    "features": ("Features", ("Windows & watermarks.", "Exactly-once effects.", "Approvals by people.")),
    "pricing": ("Pricing", ("Free below 1,000 runs a day.", "Talk to us above that.")),
    "customers": ("Customers", ("Banks, shops and field crews.",)),
    "security": ("Security", ("A node can do what its signature says, and nothing else.",)),
    "integrations": ("Integrations", ("PostgreSQL, Kafka, S3, and whatever speaks HTTP.",)),
    "docs": ("Documentation", ("Ten examples teach the language.",)),
    "blog": ("Blog", ("Why a clock is a capability.", "What late events are worth.")),
    "about": ("About us", ("We write compilers for plumbing.",)),
    "careers": ("Careers", ("We hire people who like small modules.",)),
    "privacy": ("Privacy", ("We keep what you send us for as long as the answer takes.",)),
    "terms": ("Terms", ("Use it, and tell us what breaks.",)),
    "contact": ("Contact", ("Write to us, and a person answers.",)),
}
HOME = ("Welcome", ("From a brief to a flow that runs, is checked, and can be explained.",))
FORM = """<form method="post" action="/contact">
<p><label>Name <input name="name" required maxlength="200"></label></p>
<p><label>E-mail <input name="email" type="email" required maxlength="254"></label></p>
<p><label>Message <textarea name="message" required maxlength="5000"></textarea></label></p>
<p><button>Send</button></p>
</form>"""
