"""Budgets: what may be spent, reserved before a call and settled after it, so that no ceiling is ever passed.

What a call may cost at worst, and what it did cost, is up to the caller; so is what happens when a budget is used up.
"""

from flowlattice.budgets.amounts import Account, Amount, Remaining, Report, Reservation, Scope
from flowlattice.budgets.breaches import Breach, Breaches, read_breach
from flowlattice.budgets.ledger import Ledger
from flowlattice.budgets.limits import Limits
from flowlattice.budgets.owners import Owner
from flowlattice.budgets.purse import Purse

__all__ = [
    "Account",
    "Amount",
    "Breach",
    "Breaches",
    "Ledger",
    "Limits",
    "Owner",
    "Purse",
    "Remaining",
    "Report",
    "Reservation",
    "Scope",
    "read_breach",
]
