"""E11: more heads are not better: the cost stays about the same while head_dim shrinks to nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import reverse
from attnviz.language import Text
from attnviz.training.objective import cross_entropy, predict

HEADS = (1, 2, 4, 8, 16, 32, 64)
STEPS = 400  # before all of them are perfect
D_MODEL = 64
ROUNDS = 9


def plans(at: At) -> dict[str, Plan]:
    """The baseline with 1 … 64 heads: as many parameters each."""
    return {str(heads): reverse(at, steps=STEPS, shape={"n_heads": heads}) for heads in HEADS}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Exact match, time a step, and bytes of weights that a step keeps, for each number of heads."""
    found = {}
    for name, trained in models.items():
        found[f"exact.{name}"] = trained.metrics().exact_match or 0.0
        found[f"bytes.{name}"] = float(_weight_bytes(trained))
    found |= {f"cost.{name}": ratio for name, ratio in cost(models).items()}
    middle = [found[f"exact.{heads}"] for heads in HEADS[1:5]]
    found["exact.best_of_2_to_16"] = max(middle)
    found["parameters.spread"] = float(len({sum(p.numel() for p in t.model.parameters()) for t in models.values()}))
    return found


def cost(models: Mapping[str, Trained]) -> dict[str, float]:
    """CPU time of a forward and backward pass against that with 4 heads: the middle of several rounds, in each of
    which all take their turn, since a busy machine makes single timings noise."""
    spent: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(ROUNDS):
        for name, trained in models.items():
            batch = trained.batch("train", trained.plan.train.batch_size)
            assert batch.targets is not None
            begin = time.process_time()
            cross_entropy(predict(trained.model, batch), batch.targets).objective.backward()
            spent[name].append(time.process_time() - begin)
            trained.model.zero_grad(set_to_none=True)
    return {name: statistics.median(mine) / statistics.median(spent["4"]) for name, mine in spent.items()}


def _weight_bytes(trained: Trained) -> int:
    """Bytes of one training batch's attention weights, all sites together, in float32."""
    batch = trained.batch("train", trained.plan.train.batch_size)
    assert batch.src is not None
    assert batch.decoder_input is not None
    s, t = batch.src.size(1), batch.decoder_input.size(1)
    cells = sum(
        s * s if k.startswith("encoder") else t * t if k.endswith("self_attn") else t * s for k in trained.model.sites
    )
    return 4 * batch.size * trained.model.config.n_heads * cells


EXPERIMENT = Experiment(
    name="E11",
    title=Text("头越多越好？", "The more heads the better?"),
    claim=Text("头越多，模型看得越全，效果越好。", "The more heads, the more a model sees, the better it gets."),
    question=Text(
        "d_model 固定为 64，头数从 1 加到 64：逐序列正确率会怎样？",
        "d_model stays 64 and the number of heads goes from 1 to 64: what happens to exact match?",
    ),
    choices=(
        Choice(
            "rises",
            Text("一直变好，64 个头最好", "it rises: 64 heads are best"),
            (Bound("exact.64", minus="exact.best_of_2_to_16", at_least=0.0),),
        ),
        Choice(
            "falls",
            Text("中间差不多，64 个头反而差", "much alike in the middle, and 64 heads are worse"),
            (
                Bound("exact.best_of_2_to_16", minus="exact.64", at_least=0.05),
                Bound("parameters.spread", at_most=1.0),
            ),
        ),
        Choice(
            "one",
            Text("一个头最好", "one head is best"),
            (Bound("exact.1", minus="exact.best_of_2_to_16", at_least=0.0),),
        ),
    ),
    expected="falls",
    truth=Text(
        "头拆分 d_model：头数乘以 head_dim 不变，参数一个不多，权重占的内存却随头数增长。64 个头时 head_dim 只有 1，"
        "一个数做不出像样的相似度。中间的差别常常小于种子之间的差别，所以要看几个种子。",
        "Heads split d_model: heads × head_dim stays, there is not one parameter more, but the memory of the weights "
        "grows with the heads. With 64 heads head_dim is 1, and one number makes no similarity worth the name. In the "
        "middle, seeds often differ more than head counts, so look at several.",
    ),
    source=Source(
        "Michel, Levy, Neubig, Are Sixteen Heads Really Better than One?", 2019, "https://arxiv.org/abs/1905.10650"
    ),
    recipe=Text(
        "基线模型，400 步，d_model 64，头数 1、2、4、8、16、32、64，参数数目相同。",
        "The baseline model, 400 steps, d_model 64, with 1, 2, 4, 8, 16, 32 and 64 heads, parameters equal in number.",
    ),
    quantities=(
        *(
            Quantity(
                f"exact.{heads}",
                Text(
                    f"{heads} 个头（head_dim {D_MODEL // heads}）：逐序列正确率",
                    f"heads: {heads} (head_dim {D_MODEL // heads}), exact match",
                ),
            )
            for heads in HEADS
        ),
        *(
            Quantity(
                f"cost.{heads}",
                Text(f"{heads} 个头：一步的 CPU 时间（4 个头为 1）", f"heads: {heads}, CPU time a step (4 heads: 1)"),
                "number",
            )
            for heads in HEADS
        ),
        *(
            Quantity(
                f"bytes.{heads}",
                Text(f"{heads} 个头：一批注意力权重的字节", f"heads: {heads}, bytes of a batch's weights"),
                "bytes",
            )
            for heads in HEADS
        ),
        Quantity("exact.best_of_2_to_16", Text("2–16 个头里最好的", "the best of 2 to 16 heads")),
        Quantity("parameters.spread", Text("参数数目有几种", "different numbers of parameters"), "number"),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("by_hand", {"what": "two_heads"}),
    seconds=60,
)
