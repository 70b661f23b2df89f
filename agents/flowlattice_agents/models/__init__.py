"""Models that understand briefs: `offline` is embedded, deterministic, and needs neither key nor network."""
