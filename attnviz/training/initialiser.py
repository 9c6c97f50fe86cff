"""How the weights of a new model are drawn, and what that does to the activations layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from attnviz.config import Initialiser, ModelConfig
from attnviz.data import Batch
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.model.making import new_model
from attnviz.training.objective import predict
from attnviz.training.randomness import RandomStream

SMALL, LARGE = 0.01, 10.0  # against Xavier: the signal dies out, or the scores leave softmax no choice

_DRAW: Mapping[str, Callable[[Tensor], Tensor]] = {
    "normal": lambda weight: nn.init.normal_(weight, std=0.02),  # as in GPT-2 (Radford et al. 2019)
    "xavier": nn.init.xavier_uniform_,  # Var = 2 / (fan_in + fan_out) (Glorot & Bengio 2010)
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),  # Var = 2 / fan_in (He et al. 2015)
    "too-small": lambda weight: nn.init.xavier_uniform_(weight, gain=SMALL),
    "too-large": lambda weight: nn.init.xavier_uniform_(weight, gain=LARGE),
}


def make_model(config: ModelConfig, seed: int, initialiser: Initialiser = "default") -> Transformer:
    """A new model; the seed decides every weight and nothing else in the process is disturbed."""
    with RandomStream(seed).lent():
        model = new_model(config)
        initialise(model, initialiser)
    return model


def initialise(model: nn.Module, initialiser: Initialiser) -> None:
    """Draw the matrices of all linear layers anew and set their biases to 0. "default" leaves torch's own draw.

    Embeddings, an output projection tied to one, and norms keep theirs.
    """
    if initialiser == "default":
        return
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if id(module.weight) not in embeddings:
                _DRAW[initialiser](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class _Spread:
    """A probe that keeps the standard deviation of what passes, by site and name."""

    def __init__(self) -> None:
        self.by_layer: dict[str, float] = {}

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name in ("attn_output", "output"):
            layer = site if name == "attn_output" else f"{site}.output"
            self.by_layer[layer] = float(value.detach().float().std())
        return value


def activation_spread(model: Transformer, batch: Batch) -> dict[str, float]:
    """The standard deviation of every attention's output and every block's hidden states, in order of computation.

    Keys are sites ("decoder.0.self_attn") and block outputs ("decoder.0.output"); dropout is off.
    """
    probe = _Spread()
    with inference(model):
        predict(model, batch.to(next(model.parameters()).device), probe=probe)
    return probe.by_layer
