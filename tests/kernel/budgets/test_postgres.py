"""What only a ledger on a server has: a connection that is lost, a server that is not there."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from flowlattice.budgets import Amount, Ledger
from flowlattice.budgets.postgres import PostgresStore
from flowlattice.errors import EngineUnavailable, UsageError


@pytest.fixture
def address(postgres):
    return make_conninfo(**postgres, application_name="ledger")


@pytest.fixture
def ledger(address):
    ledger = Ledger(PostgresStore(address))
    ledger.open_scope("run", ceiling_tokens=100)
    yield ledger
    ledger.close()


def disconnect(postgres):
    with psycopg.connect(make_conninfo(**postgres), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'ledger'")


def test_a_connection_that_was_lost_between_calls_is_made_anew(ledger, postgres):
    held = ledger.reserve("run", Amount(tokens=60))
    disconnect(postgres)
    ledger.settle(held, Amount(tokens=50))
    assert ledger.remaining("run").tokens == 50


def test_what_was_not_committed_when_the_connection_was_lost_never_was(ledger, address, postgres):
    store = PostgresStore(address)

    def interrupted():
        with store.transaction() as work:
            work.rows("UPDATE budget_scopes SET spent_tokens = 99")
            disconnect(postgres)
            work.rows("UPDATE budget_scopes SET calls = 1")

    with pytest.raises(EngineUnavailable, match="try again"):
        interrupted()
    store.close()
    assert ledger.spent("run") == Amount()


def test_tables_that_are_there_need_no_right_to_make_them(ledger, address, postgres):
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("CREATE ROLE spender LOGIN")
        owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON budget_scopes, budget_holds TO spender")
    spender = Ledger(PostgresStore(make_conninfo(**postgres | {"user": "spender"})))
    spender.release(spender.reserve("run", Amount(tokens=1)))
    spender.close()
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("DROP TABLE budget_holds")
    with pytest.raises(EngineUnavailable, match="permission denied for schema public"):
        Ledger(PostgresStore(make_conninfo(**postgres | {"user": "spender"})))
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("DROP OWNED BY spender")
        owner.execute("DROP ROLE spender")


def test_a_server_that_is_not_there_is_one_line_without_the_password(postgres):
    with pytest.raises(EngineUnavailable) as caught:
        PostgresStore(make_conninfo(**postgres | {"dbname": "nowhere"}, password="hunter2"))
    text = str(caught.value)
    assert text.startswith(f"the ledger on postgres 127.0.0.1:{postgres['port']}/nowhere cannot be reached: ")
    assert "hunter2" not in text
    assert "\n" not in text


def test_an_error_of_the_caller_undoes_what_it_began(ledger):
    with pytest.raises(UsageError, match="no budget other"):
        ledger.open_scope("run/pm", parent="other")
    assert ledger.report("run").children == ()
