"""Budgets: what may be spent, reserved before a call and settled after it, so that no ceiling is ever passed.

What a call may cost at worst, and what it did cost, is up to the caller; so is what happens when a budget is used up.
"""

from flowlattice.budgets.amounts import Amount, Remaining, Report, Reservation
from flowlattice.budgets.ledger import Ledger
from flowlattice.budgets.owners import Owner

__all__ = ["Amount", "Ledger", "Owner", "Remaining", "Report", "Reservation"]
