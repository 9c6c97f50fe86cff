"""Benchmarks: one file a group of rows, each row a ratio of things timed in turns in one run.

`rows.GROUPS` lists them; `attnviz bench` prints them. A row has a `must`, which it may not miss, and an `aim`.
"""
