"""Results of experiments as a Markdown document: `attnviz experiment --all --recorded --markdown` writes
docs/experiments.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.experiments import Found

# What stands behind a number of each unit; shares and the like speak for themselves.
UNITS = {"share": "", "weight": "", "number": "", "change": "", "correlation": "", "nats": " nats", "seconds": " s"}
UNITS |= {"bytes": " bytes"}
HEAD = """# Experiments

What tutorials say, and what a run says. This page is written by `attnviz experiment --all --recorded --markdown`; every
number is the mean and the standard deviation over the seeds, as measured when it was recorded. `attnviz experiment E1
--seeds 3` runs one again.

| Experiment | Often taught | The numbers say | Came out |
|---|---|---|---|
"""


def written(results: Sequence[Found]) -> str:
    """The document in English: a row an experiment, then the numbers of each."""
    rows = [
        f"| [{one.experiment.name}](#{one.experiment.name.lower()}) | {_cell(one.experiment.claim.en)} "
        f"| {_cell(_said(one))} | {'yes' if one.verdict.came_out else 'no'} |"
        for one in results
    ]
    return HEAD + "\n".join(rows) + "\n" + "\n".join(map(_section, results)).rstrip()


def _section(found: Found) -> str:
    one = found.experiment
    where = "run" if found.recorded is None else f"recorded on {found.recorded.date}"
    rows = "\n".join(f"| {_cell(row.quantity.title.en)} | {row.said}{UNITS[row.quantity.unit]} |" for row in found.rows)
    titles = one.titles("en")
    checks = "\n".join(
        f"- {'met' if check.met else '**not met**'}: {check.bound.said(titles)} ({check.value:.3g})"
        for check in found.verdict.checks
    )
    url = f", <{one.source.url}>" if one.source.url else ""
    return (
        f"\n## {one.name}\n\n{one.question.en} {one.recipe.en} Seeds {', '.join(map(str, found.seeds))}, {where}.\n\n"
        f"| Quantity | Mean ± sd |\n|---|---|\n{rows}\n\n{checks}\n\n{one.truth.en} ({one.source.cite}, "
        f"{one.source.year}{url})\n"
    )


def _said(found: Found) -> str:
    choice = found.verdict.choice
    return "none of the answers" if choice is None else found.experiment.choice(choice).title.en


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
