"""Byte-pair encoding (Sennrich et al. 2016): the pair of neighbours that occurs most often becomes one token, again
and again. Learned by SentencePiece; nothing is normalised, so the pieces of a text put together are the text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

SPACE = "▁"  # how SentencePiece writes a space inside a piece
LONGEST_LINE = 4000  # characters; a longer line is learned from in parts


class BytePairs:
    """A learned byte-pair encoding."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    @classmethod
    def learn(cls, lines: Iterable[str], size: int) -> BytePairs:
        """Learn at most `size` pieces; fewer where the text has no more pairs. Raises ValueError without any text."""
        import sentencepiece

        parts = [
            line[start : start + LONGEST_LINE]
            for line in lines
            if line.strip()
            for start in range(0, len(line), LONGEST_LINE)
        ]
        if not parts:
            raise ValueError("there is no text to learn pieces from")
        alphabet = len({character for part in parts for character in part}) + 4
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(parts),
            model_writer=written,
            model_type="bpe",
            vocab_size=max(size, alphabet),
            hard_vocab_limit=False,
            character_coverage=1.0,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_by_number=False,
            num_threads=1,
            minloglevel=2,
        )
        return cls(sentencepiece.SentencePieceProcessor(model_proto=written.getvalue()))

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode(self, text: str) -> list[str]:
        """The pieces of a text, in order; characters never met stay single."""
        return [piece.replace(SPACE, " ") for piece in self._processor.encode(text, out_type=str)]

    def ids(self, text: str) -> list[int]:
        """The numbers of the pieces."""
        return [int(number) for number in self._processor.encode(text, out_type=int)]

    def merges(self, count: int) -> list[str]:
        """The first pairs that were joined, in the order in which they were."""
        pieces = (self._processor.id_to_piece(number) for number in range(len(self)))
        joined = (piece.replace(SPACE, " ") for piece in pieces if len(piece) > 1 and not piece.startswith("<"))
        return [piece for piece, _ in zip(joined, range(count), strict=False)]
