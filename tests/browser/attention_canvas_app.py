"""The attention stage alone, on made-up weights: what tests/browser/test_attention_canvas_in_a_browser.py drives.

The address chooses: tokens (how many), lang, scope. The page prints how often it ran and which switches it received.
"""

import numpy as np
import streamlit as st

from attnviz.language import spoken
from attnviz.ui.attention.picture import AttentionPicture, KindPicture
from attnviz.ui.attention.stage import attention_stage, stage_state
from attnviz.ui.text import texts

LAYERS, HEADS = 2, 3
SOURCE = ("银", "行", "<script>window.hacked=1</script>", "</s>")
TARGET = ("<s>", "yín", "háng", "שלום", "👩‍👩‍👧‍👦")
STATISTICS = ("entropy", "mean_distance", "previous", "first", "same")


def weights_of(seed: int, rows: int, columns: int, mask: np.ndarray) -> np.ndarray:
    """Rows that sum to 1 where anything is visible, blocked cells 0; with one exact zero that is visible."""
    rng = np.random.default_rng(seed)
    raw = rng.random((LAYERS, HEADS, rows, columns)) ** 3 * mask
    raw[..., 1, 0] = 0
    total = raw.sum(-1, keepdims=True)
    return np.divide(raw, total, out=np.zeros_like(raw), where=total > 0).astype(np.float32)


def kind_of(kind: str, seed: int, rows: tuple[str, ...], columns: tuple[str, ...], mask: np.ndarray) -> KindPicture:
    rng = np.random.default_rng(seed + 100)
    return KindPicture(
        kind=kind,
        weights=weights_of(seed, len(rows), len(columns), mask),
        mask=mask,
        row_labels=rows,
        column_labels=columns,
        next_labels=(*rows[1:], "</s>") if kind == "cross" else (),
        unknown_columns=(1,) if kind == "cross" else (),
        sites=tuple(f"decoder.{layer}.{kind}" for layer in range(LAYERS)),
        stats={name: rng.random((LAYERS, HEADS)) for name in STATISTICS}
        | {"delta_loss": np.array([[0.02, np.nan, 1.61], [0.5, -0.03, 0.0]])},
    )


def pictures(tokens: int) -> tuple[KindPicture, ...]:
    rows = tuple((TARGET * tokens)[:tokens]) if tokens else TARGET
    columns = tuple((SOURCE * tokens)[:tokens]) if tokens else SOURCE
    causal = np.tril(np.ones((len(rows), len(rows)), bool))
    padding = np.ones((len(rows), len(columns)), bool)
    padding[:, -1] = False
    return kind_of("decoder_self", 1, rows, rows, causal), kind_of("cross", 2, rows, columns, padding)


def main() -> None:
    st.set_page_config(layout="wide")
    query = st.query_params
    english = st.toggle("English", value=query.get("lang") == "en")
    scope = query.get("scope", "model")
    switches = stage_state("stage", scope)
    kinds = pictures(int(query.get("tokens", "0")))
    attention_stage(
        AttentionPicture(
            kinds=kinds,
            kind=query.get("kind", "cross"),
            layer=int(query.get("layer", "2")) - 1,
            head=int(query.get("head", "3")) - 1,
            heads_off=switches.heads_off,
            seq=switches.seq,
            scope=scope,
            name="my model / 1",
            text=spoken(texts("attention_stage"), "en" if english else "zh"),
        ),
        key="stage",
    )
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    st.text(f"runs={st.session_state.runs} off={list(switches.heads_off)} seq={switches.seq}")


if __name__ == "__main__":
    main()
