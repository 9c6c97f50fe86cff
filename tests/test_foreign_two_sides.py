"""Models that read one language and write another: each side has a tokenizer, and perhaps a vocabulary, of its own."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")
import sentencepiece
from foreign_configs import PAIR

import attnviz as av
from attnviz.data import Tokens
from attnviz.trace import watch
from attnviz.ui.sentence import reading

READ, WRITTEN = "the cat sat on the mat", "gato gato sobre una alfombra roja"


def pieces_of(text: str, path: Path) -> list[str]:
    """A sentencepiece model that was trained on one text; its pieces."""
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text] * 20), model_writer=made, vocab_size=60, hard_vocab_limit=False, minloglevel=2
    )
    path.write_bytes(made.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    return [model.id_to_piece(number) for number in range(model.get_piece_size()) if number > 2]


def marian(folder: Path, *, separate: bool) -> Path:
    """A tiny Marian whose two sides share a vocabulary, or have one each."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir()
    read = pieces_of(READ, folder / "source.spm")
    written = pieces_of(WRITTEN, folder / "target.spm")
    specials = ["</s>", "<unk>", "<pad>"]
    of_source = [*specials, *read]
    if separate:
        of_target = ["<pad>", "<unk>", *reversed(written), "</s>"]
    else:
        of_source = of_target = [*specials, *dict.fromkeys([*read, *written])]
    for name, of in (("vocab.json", of_source), ("target_vocab.json", of_target)):
        (folder / name).write_text(json.dumps({piece: number for number, piece in enumerate(of)}), encoding="utf-8")
    own: dict[str, Any] = {"target_vocab_file": str(folder / "target_vocab.json")} if separate else {}
    tokenizer = MarianTokenizer(
        source_spm=str(folder / "source.spm"),
        target_spm=str(folder / "target.spm"),
        vocab=str(folder / "vocab.json"),
        separate_vocabs=separate,
        **own,
    )
    start = of_target.index("<pad>")
    more = {"decoder_vocab_size": len(of_target), "share_encoder_decoder_embeddings": False} if separate else {}
    config = MarianConfig(
        **{
            **PAIR,
            "vocab_size": len(of_source),
            "pad_token_id": start if separate else 2,
            "eos_token_id": of_target.index("</s>"),
            "decoder_start_token_id": start,
            **more,
        }
    )
    torch.manual_seed(3)
    MarianMTModel(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("separate", [False, True])
def test_what_is_read_and_what_is_written_have_pieces_of_their_own(separate: bool, tmp_path: Path) -> None:
    model, texts = av.load(marian(tmp_path / "pair", separate=separate))
    assert not model.maps_only
    assert isinstance(texts.tgt_vocab, Tokens)
    batch = texts.encode(READ, WRITTEN)
    assert batch.src_labels[0][-1] == "</s>"
    assert "".join(batch.src_labels[0][:-1]).replace("␣", " ").strip() == READ
    assert "".join(batch.target_labels[0][:-1]).replace("␣", " ").strip() == WRITTEN
    assert batch.target_labels[0][-1] == "</s>"
    # The source's pieces cut what is written otherwise: it is known to its own side only.
    of_source = texts.read_vocab.read(WRITTEN).ids
    assert batch.targets is not None
    assert tuple(batch.targets[0, :-1].tolist()) != of_source
    assert texts.tgt_vocab.text(batch.targets[0].tolist()) == WRITTEN
    assert texts.detokenize_ids(batch.targets[0].tolist()) == WRITTEN
    assert texts.tokenize_target(WRITTEN) == list(batch.target_labels[0][:-1])
    assert len(texts.tgt_vocab) == model.vocab_size
    assert len(texts.read_vocab) == model.src_vocab_size
    for piece in batch.target_labels[0]:
        assert texts.tgt_vocab.label(texts.tgt_vocab.id(piece.replace("␣", "▁"))) == piece
    trace = watch(model, batch, taps=())
    labels = trace.labels("cross")
    assert (labels[0][0], labels[1]) == ("<pad>", batch.src_labels[0])
    sentence = reading.take_in(model, texts, READ, WRITTEN)
    fed, what = reading.fed(model, texts, sentence, "reference")
    assert what == "reference"
    assert fed.targets is not None
    assert fed.targets.tolist() == batch.targets.tolist()
    words = texts.words(fed.targets[0, :-1].tolist())[1]
    assert [word.strip("␣") for word in words] == WRITTEN.split()
    assert [word.strip("␣") for word in texts.words(batch.src[0, :-1].tolist(), read=True)[1]] == READ.split()


def test_the_number_of_a_side_is_its_own(tmp_path: Path) -> None:
    _, texts = av.load(marian(tmp_path / "pair", separate=True))
    assert (texts.tgt_vocab.eos_id, texts.read_vocab.eos_id) == (len(texts.tgt_vocab) - 1, 0)
    assert texts.read_vocab.label(0) == "</s>"
    assert texts.tgt_vocab.label(0) == "<pad>"
    assert 0 in texts.tgt_vocab.special_ids
