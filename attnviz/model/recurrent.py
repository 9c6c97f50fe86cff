"""The baselines that attention was invented for: LSTMs with and without one head of cross-attention.

    lstm                    x_t ─► LSTM ─► logits                                       sees its own text only
    lstm-encoder-decoder    source ─► LSTM ─► last state ─► first state of the decoder  all of the source in one vector
    lstm-additive           the same, and each step looks back: score = w·tanh(W q + U k)      (Bahdanau et al. 2015)
    lstm-dot                the same, score = q·k/√d                                           (Luong et al. 2015)

    h_t = LSTM(x_t);  c_t = Σ weights·memory;  out_t = tanh(W [c_t; h_t])     where there is attention (Luong, eq. 5)

They answer the questions that a Transformer answers (sites, masks, probes, encode and decode), so that whatever trains,
watches, masks or decodes one takes the other.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.config import ModelConfig
from attnviz.masks import MaskPlan
from attnviz.model.attention import MultiHeadAttention, weighted_sum
from attnviz.model.cache import KVCache
from attnviz.model.positions import TokenEmbedding
from attnviz.model.probe import SILENT, Probe
from attnviz.model.transformer import Transformer, real_lengths
from attnviz.model.watched import Ability

SITE = "decoder.0.cross_attn"
State = tuple[Tensor, Tensor]  # hidden and cell state of one LSTM, (1, B, C) each


class RecurrentCache(KVCache):
    """What a recurrent decoder need not compute again: its states after every token, and the memory's keys."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[tuple[State, ...]] = []  # after token 0, 1, …: one state a layer

    @property
    def decoded(self) -> int:
        """Decoder positions already processed."""
        return len(self.states)

    def select(self, rows: Tensor) -> None:
        """Keep the given batch rows, in that order."""
        super().select(rows)
        self.states = [tuple((h[:, rows], c[:, rows]) for h, c in layers) for layers in self.states]

    def rewind(self, length: int) -> None:
        """Forget the decoder positions from `length` on; what belongs to the memory stays."""
        if not 0 <= length <= self.decoded:
            raise ValueError(f"length is {length}; the cache holds {self.decoded} positions")
        self.states = self.states[:length]


class AdditiveAttention(nn.Module):
    """One head whose scores a small network makes: w·tanh(W q + U k). The values are the memory itself."""

    def __init__(self, config: ModelConfig, site: str) -> None:
        super().__init__()
        self.site = site
        self.dropout = config.dropout
        self.q_proj = nn.Linear(config.d_model, config.d_model)
        self.k_proj = nn.Linear(config.d_model, config.d_model, bias=False)
        self.energy = nn.Linear(config.d_model, 1, bias=False)

    def forward(
        self,
        x: Float[Tensor, "B T C"],
        memory: Float[Tensor, "B S C"],
        mask: Bool[Tensor, "b h t s"] | None = None,
        *,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "B T C"]:
        """Attend; `mask` broadcasts to (B, 1, T, S), True = may attend."""
        watching = probe if probe.wants(self.site) else SILENT
        q, k, v = self.q_proj(x)[:, None], self.k_proj(memory)[:, None], memory[:, None]
        q, k, v = (watching.tap(self.site, name, value) for name, value in (("q", q), ("k", k), ("v", v)))
        scores = self.energy(torch.tanh(q[:, :, :, None] + k[:, :, None])).squeeze(-1)  # (B, 1, T, S)
        if mask is None:
            mask = torch.ones((1, 1, q.size(2), k.size(2)), dtype=torch.bool, device=q.device)
        dropout = self.dropout if self.training else 0.0
        context = weighted_sum(scores, v, mask, dropout=dropout, site=self.site, probe=watching)[:, 0]
        return watching.tap(self.site, "attn_output", context)


class RecurrentBlock(nn.Module):
    """One LSTM layer; the first of a decoder begins where the source ended, and may look back at it."""

    def __init__(self, config: ModelConfig, site: str, *, reads_source: bool = False) -> None:
        super().__init__()
        self.site = site
        self.lstm = nn.LSTM(config.d_model, config.d_model, batch_first=True)
        if reads_source:
            self.bridge = nn.Linear(config.d_model, 2 * config.d_model)
        if reads_source and config.architecture != "lstm-encoder-decoder" and site == "decoder.0":
            additive = config.architecture == "lstm-additive"
            kind = AdditiveAttention if additive else MultiHeadAttention
            self.cross_attn: nn.Module = kind(config, f"{site}.cross_attn")
            self.combine = nn.Linear(2 * config.d_model, config.d_model)

    def first_state(self, memory: Float[Tensor, "B S C"] | None, batch: int) -> State:
        """The state before the first token: made of the source's last one, zeros without a source."""
        if memory is None or not hasattr(self, "bridge"):
            zeros = next(self.lstm.parameters()).new_zeros(1, batch, self.lstm.hidden_size)
            return zeros, zeros
        h, c = torch.tanh(self.bridge(memory[:, -1]))[None].chunk(2, dim=-1)
        return h.contiguous(), c.contiguous()

    def forward(
        self,
        x: Float[Tensor, "B T C"],
        state: State,
        memory: Float[Tensor, "B S C"] | None,
        mask: Bool[Tensor, "b h t s"] | None,
        *,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> tuple[Float[Tensor, "B T C"], State]:
        h, state = self.lstm(x, state)
        if hasattr(self, "cross_attn") and memory is not None:
            context = self.cross_attn(h, memory, mask, probe=probe, cache=cache)
            h = torch.tanh(self.combine(torch.cat((context, h), dim=-1)))
        return (probe.tap(self.site, "output", h) if probe.wants(self.site) else h), state


class RecurrentModel(Transformer):
    """An LSTM with the outside of a Transformer: the same questions, inputs, masks and probes. See the module."""

    def __init__(self, config: ModelConfig) -> None:
        nn.Module.__init__(self)  # the parts are others
        if not config.recurrent:
            raise ValueError(f"architecture is {config.architecture!r}; a recurrent model is one of the lstm")
        self.config = config
        # The one head of cross-attention, where there is one.
        self._name_sites((SITE,) if config.architecture in ("lstm-additive", "lstm-dot") else ())
        reads = config.architecture != "lstm"
        if reads:
            self.src_embedding = TokenEmbedding(config.src_vocab_size, config)
            self.encoder = nn.ModuleList(
                RecurrentBlock(config, f"encoder.{layer}") for layer in range(config.n_encoder_layers)
            )
        self.embedding = TokenEmbedding(config.vocab_size, config)
        self.decoder = nn.ModuleList(
            RecurrentBlock(config, f"decoder.{layer}", reads_source=reads) for layer in range(config.n_decoder_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.d_model, config.n_outputs, bias=not config.tied_embeddings)
        if config.tied_embeddings:
            self.output.weight = self.embedding.tokens.weight

    @property
    def can(self) -> frozenset[Ability]:
        """Maps, masks and switches where it attends. There is no walk through it, and nothing to fine-tune."""
        attends: frozenset[Ability] = frozenset({"maps", "paint", "apply", "ablate"}) if self.sites else frozenset()
        return attends | {"decode", "loss"}

    @property
    def layers_without_map(self) -> int:
        """The LSTM layers."""
        return self.config.n_encoder_layers + self.config.n_decoder_layers

    @property
    def inner_width(self) -> int:
        """The four gates."""
        return 4 * self.config.d_model

    def new_cache(self) -> RecurrentCache:
        """An empty cache for one sequence of `decode`s."""
        return RecurrentCache()

    def encode(
        self, src: Int[Tensor, "B S"], *, masks: MaskPlan | None = None, probe: Probe = SILENT
    ) -> Float[Tensor, "B S C"]:
        """The encoder's hidden states; behind the end of a source its last one is repeated, so that padding changes
        nothing. A lone LSTM makes zeros of a source."""
        if self.config.architecture == "lstm":
            return self.output.weight.new_zeros(*src.size(), self.config.d_model)
        x: Tensor = self.src_embedding(src)
        for block in self.encoder:
            assert isinstance(block, RecurrentBlock)
            x, _ = block(x, block.first_state(None, src.size(0)), None, None, probe=probe)
        ends = torch.tensor(real_lengths(src, self.config.pad_id), device=src.device).clamp(min=1) - 1
        places = torch.minimum(torch.arange(src.size(1), device=src.device)[None], ends[:, None])
        return x.gather(1, places[:, :, None].expand_as(x))

    def decode(
        self,
        decoder_input: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S C"] | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Logits of the next token at every given position; see `Transformer.decode`.

        A cache keeps the states after every token, so its tokens are fed one at a time.
        """
        masks = masks or self.default_masks(None, decoder_input)
        if self.config.architecture == "lstm":
            memory = None
        if cache is None:
            states = tuple(self._first(memory, decoder_input.size(0)))
            return self._step(decoder_input, states, memory, masks, probe, None, 0)[0]
        assert isinstance(cache, RecurrentCache), "a cache of new_cache()"
        logits = []
        for column in range(decoder_input.size(1)):
            states = cache.states[-1] if cache.states else tuple(self._first(memory, decoder_input.size(0)))
            token = decoder_input[:, column : column + 1]
            said, states = self._step(token, states, memory, masks, probe, cache, cache.decoded)
            cache.states.append(states)
            logits.append(said)
        return torch.cat(logits, dim=1)

    def _first(self, memory: Tensor | None, batch: int) -> list[State]:
        return [block.first_state(memory, batch) for block in self.decoder if isinstance(block, RecurrentBlock)]

    def _step(
        self,
        tokens: Tensor,
        states: tuple[State, ...],
        memory: Tensor | None,
        masks: MaskPlan,
        probe: Probe,
        cache: KVCache | None,
        offset: int,
    ) -> tuple[Tensor, tuple[State, ...]]:
        x: Tensor = self.embedding(tokens)
        mask = None
        if memory is not None and self.sites:
            queries = range(offset, offset + tokens.size(1))
            mask = self._mask(masks, SITE, tokens.size(0), queries, memory.size(1), x.device)
        after = []
        for block, state in zip(self.decoder, states, strict=True):
            x, state = block(x, state, memory, mask, probe=probe, cache=cache)
            after.append(state)
        logits: Tensor = self.output(self.dropout(x))
        return logits, tuple(after)
