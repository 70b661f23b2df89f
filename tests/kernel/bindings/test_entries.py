"""Entries of `bindings.toml`: what each kind of backend takes, and how a credential is named and never written."""

from __future__ import annotations

import pytest

from flowlattice.bindings import EnvironmentBindings, described
from flowlattice.bindings.file import read_environment
from flowlattice.errors import UsageError

WHOLE = """
[production.crm]
backend = "http"
egress = ["API.example.com", "127.0.0.1:8080"]
headers = { Authorization = "Bearer $CRM_TOKEN", X-Key = { file = "/run/secrets/crm" }, X-Plain = "plain" }
region = "eu"

[production.orders]
backend = "postgres"
host = "db.example.com"
database = "shop"
user = "flows"
password = "$DB_PASSWORD"

[production.clicks]
backend = "kafka"
brokers = ["one.example.com:9092", "two.example.com:9093"]

[production.logs]
backend = "s3"
bucket = "logs"
endpoint = "http://127.0.0.1:9000"
access_key = "$S3_ID"
secret_key = "$S3_KEY"
region = "eu-central-1"

[production.files]
backend = "folder"
path = "files"

[production.ai]
backend = "openai"
base_url = "https://models.example.com/v1"
api_key = "$AI_KEY"

[production.post]
backend = "smtp"
host = "mail.example.com"
sender = "shop@example.com"

[production.stripe_key]
backend = "secret"
value = "$STRIPE_KEY"
scopes = ["charges:write"]

[production.seen]
backend = "sqlite"
path = "seen.sqlite"

[production.later]
backend = "local"

[production.vars]
approval_cents = 250000
names = ["a", "b"]
"""
VARIABLES = ("CRM_TOKEN", "DB_PASSWORD", "S3_ID", "S3_KEY", "AI_KEY", "STRIPE_KEY")


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_every_kind_of_backend_as_the_checker_sees_it(monkeypatch):
    monkeypatch.setenv("AI_KEY", "x")
    found = described(WHOLE, "production")
    assert found.backends == {
        "crm": "http",
        "orders": "postgres",
        "clicks": "kafka",
        "logs": "s3",
        "files": "folder",
        "ai": "openai",
        "post": "smtp",
        "stripe_key": "secret",
        "seen": "sqlite",
        "later": "local",
    }
    assert found.databases == {
        "orders": "postgres db.example.com:5432/shop",
        "seen": "sqlite seen.sqlite",
        "later": "memory",
    }
    assert found.missing_credentials == {
        "crm": ("CRM_TOKEN", "/run/secrets/crm"),
        "orders": ("DB_PASSWORD",),
        "logs": ("S3_ID", "S3_KEY"),
        "stripe_key": ("STRIPE_KEY",),
    }
    assert found.hosts == {"crm": ("api.example.com", "127.0.0.1:8080")}
    assert found.regions == {"crm": "eu", "logs": "eu-central-1"}
    assert found.scopes == {"stripe_key": ("charges:write",)}
    assert found.variables == {"approval_cents": 250_000, "names": ["a", "b"]}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('backend = "sqlite"\npath = "./rows.db"', 'backend = "sqlite"\npath = "data/../rows.db"', True),
        ('backend = "sqlite"\npath = "rows.db"', 'backend = "sqlite"\npath = "seen.db"', False),
        (
            'backend = "postgres"\nhost = "DB.example"\ndatabase = "d"\nuser = "a"',
            'backend = "postgres"\nhost = "db.example"\nport = 5432\ndatabase = "d"\nuser = "b"',
            True,
        ),
        (
            'backend = "postgres"\nhost = "db.example"\ndatabase = "d"\nuser = "a"',
            'backend = "postgres"\nhost = "db.example"\ndatabase = "e"\nuser = "a"',
            False,
        ),
        (
            'backend = "postgres"\nhost = "db.example"\ndatabase = "d"\nuser = "a"',
            'backend = "sqlite"\npath = "d"',
            False,
        ),
    ],
)
def test_which_bindings_are_one_database(one, other, is_same):
    found = described(f"[p.one]\n{one}\n[p.other]\n{other}\n", "p").databases
    assert (found["one"] == found["other"]) is is_same


def test_where_entries_connect_to():
    entries = read_environment(WHOLE, "production").entries
    addresses = {binding: entry.addresses() for binding, entry in entries.items() if entry.addresses()}
    assert addresses == {
        "crm": (("api.example.com", 443), ("127.0.0.1", 8080)),
        "orders": (("db.example.com", 5432),),
        "clicks": (("one.example.com", 9092), ("two.example.com", 9093)),
        "logs": (("127.0.0.1", 9000),),
        "ai": (("models.example.com", 443),),
        "post": (("mail.example.com", 587),),
    }


WRITTEN = "s3cr3t-that-somebody-wrote"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f'backend = "secret"\nvalue = "{WRITTEN}"', "p.it.secret.value: a credential is never written here; name it"),
        (f'backend = "secret"\nvalue = ["{WRITTEN}"]', "p.it.secret.value"),
        (f'backend = "secret"\nvalue = {{ file = "{WRITTEN}" }}', "a credential is never written here"),
        (
            f'backend = "http"\nheaders = {{ Authorization = "Bearer {WRITTEN}" }}',
            "p.it.http.headers: the value of Authorization is a credential and never written here",
        ),
        (f'backend = "http"\nheaders = {{ X-Api-Key = "{WRITTEN}" }}', "the value of X-Api-Key is a credential"),
        (
            f'backend = "http"\nheaders = {{ X-A = ["{WRITTEN}"] }}',
            "p.it.http.headers.X-A: neither a text nor a credential",
        ),
        (f'backend = "http"\ntoken = "{WRITTEN}"', "p.it.http.token: Extra inputs are not permitted"),
        (f'backend = "{WRITTEN}-is-no-backend"', "p.it"),
        (f'backend = "postgres"\nhost="h"\ndatabase="d"\nuser="u"\npassword = "{WRITTEN}"', "p.it.postgres.password"),
        (f'backend = "s3"\nbucket = "b"\nendpoint = "https://u:{WRITTEN}@h"', "p.it.s3.endpoint"),
        (f'backend = "openai"\nbase_url = "https://u:{WRITTEN}@h"', "p.it.openai.base_url"),
        ('backend = "openai"\nmodel = "other"', "the flow says which model; a binding may not put another in its"),
        ('backend = "openai"\nusd_per_million = {m = [0.1, 0.2]}', "is no amount of US dollars"),
        ('backend = "kafka"\nbrokers = []', "p.it.kafka.brokers"),
        ('backend = "kafka"\nbrokers = ["b"]', "p.it.kafka.brokers.0"),
        ('backend = "smtp"\nhost = "h"\nsender = "nobody"', "p.it.smtp.sender"),
        ('backend = "smtp"\nhost = "h"\nsender = "a@b"\ntls = "none"', "for a server on this machine alone"),
        ('backend = "secret"\nvalue = "$A"\nheader = "a: b"', "p.it.secret.header"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_never_with_what_was_given(tmp_path, entry, said):
    with pytest.raises(UsageError, match=said) as raised:
        EnvironmentBindings(f"[p.it]\n{entry}\n", "p", tmp_path)
    quoted = "" if "is-no-backend" in entry else WRITTEN
    assert not quoted or quoted not in str(raised.value)
    assert raised.value.__suppress_context__


def test_variables_are_a_table(tmp_path):
    with pytest.raises(UsageError, match="p: Input should be a valid dictionary"):
        EnvironmentBindings("[p]\nvars = 3\n", "p", tmp_path)


def test_a_credential_in_a_file_has_no_line_end(tmp_path):
    (tmp_path / "key").write_text("k3y\n")
    text = f'[p.it]\nbackend = "secret"\nvalue = {{ file = "{tmp_path / "key"}" }}\n'
    assert described(text, "p").missing_credentials == {}
    assert EnvironmentBindings(text, "p", tmp_path).credential("it").headers() == {"Authorization": "Bearer k3y"}


def test_a_credential_may_travel_in_another_header_and_is_read_for_each_request(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIPE_KEY", "one")
    text = '[p.it]\nbackend = "secret"\nvalue = "$STRIPE_KEY"\nheader = "X-Key"\nscheme = ""\n'
    credential = EnvironmentBindings(text, "p", tmp_path).credential("it")
    assert credential.headers() == {"X-Key": "one"}
    monkeypatch.setenv("STRIPE_KEY", "two")
    assert credential.headers() == {"X-Key": "two"}


@pytest.mark.parametrize("value", ["two\nlines", "ümlaut", "tab\there", "   "])
def test_a_value_that_cannot_be_sent_is_refused_without_being_shown(tmp_path, monkeypatch, value):
    monkeypatch.setenv("STRIPE_KEY", value)
    text = '[p.it]\nbackend = "secret"\nvalue = "$STRIPE_KEY"\n'
    with pytest.raises(UsageError) as raised:
        EnvironmentBindings(text, "p", tmp_path).credential("it")
    assert str(raised.value) == "binding it: STRIPE_KEY holds nothing that can be sent (one line of ASCII text)"


def test_a_value_that_is_not_there(tmp_path):
    absent = tmp_path / "absent"
    (tmp_path / "raw").write_bytes(b"\xff\xfe")
    for value, said in (
        ('"$STRIPE_KEY"', "the environment variable STRIPE_KEY is not set"),
        (f'{{ file = "{absent}" }}', f"{absent} cannot be read .FileNotFoundError."),
        (f'{{ file = "{tmp_path / "raw"}" }}', "raw is no text"),
    ):
        text = f'[p.it]\nbackend = "secret"\nvalue = {value}\n'
        with pytest.raises(UsageError, match=f"binding it: .*{said}"):
            EnvironmentBindings(text, "p", tmp_path).credential("it")
