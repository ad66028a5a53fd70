"""The one context for exact arithmetic on amounts."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context
from typing import Final

EXACT: Final = Context(prec=800, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Sums and differences of everyday doubles lose nothing in 800 digits. Beyond those, results are rounded, and nothing overflows."""
