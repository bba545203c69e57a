"""Judging ourselves: `labels` against readers, `facts` against history, `ablations` against our own rules.

`backtest` runs the live code over records, `dated` compares a run with what is known to have happened, `plot`
draws it, `tables` writes it down; `examples` and `pages` are about the catalogue itself.
"""
