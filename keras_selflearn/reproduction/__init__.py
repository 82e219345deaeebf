"""The paper's tables, figures and claims, made from the folders of finished runs.

It may import every room. How a run works must not come in: each run is one experiment of `runs`.
"""
