"""The environment variables that attnviz reads, by what they say."""

from __future__ import annotations

LANGUAGE = "ATTNVIZ_LANG"  # zh or en: what the app speaks to a browser whose address does not say
DEVICE = "ATTNVIZ_DEVICE"  # where pages compute: cpu, cuda, cuda:1, auto
RUNS = "ATTNVIZ_RUNS"  # the folder of runs
RUNS_AT_ONCE = "ATTNVIZ_RUNS_AT_ONCE"  # how many move at the same time
THREADS = "ATTNVIZ_THREADS"  # that all runs share
MODELS = "ATTNVIZ_MODELS"  # models that the app lists besides its own, as PATH lists folders
CACHE = "ATTNVIZ_CACHE"  # where converted models are kept
EXPERIMENTS = "ATTNVIZ_EXPERIMENTS"  # a folder of more experiments
NANOGPT = "ATTNVIZ_NANOGPT"  # a checkout that the bench compares with
CHROMIUM = "ATTNVIZ_CHROMIUM"  # the browser that the bench drives
