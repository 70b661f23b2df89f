"""Evals: how good the agents are, measured on briefs with expectations and probes.

A *sample* is one brief, authored once under one arm and one seed. What happened to it is kept as *evidence*; a *score*
is worked out from the evidence alone, so that it can be worked out again. `brief` and `suite` read what is asked,
`solver` and `probes` gather evidence, `facts`, `expectations` and `scoring` judge it, `results` keeps it, `runner`
drives all samples, `statistics` and `summary` and `comparison` say what the scores mean, `reports/` shows them.
"""
