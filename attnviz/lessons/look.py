"""Look: what a head looks at, whether the prediction needs it, and why the two are not the same."""

from __future__ import annotations

import numpy as np

from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.lessons.reading import aligned, effects_of, head_of, model_of, trace_of

MODEL, EXAMPLE, ROW = "pinyin", 1, 4  # the row that writes xíng
COLUMNS = (0, 1, 4, 5)  # 银, the first 行, the second 行, 人
NEEDED, SHARP = ("decoder.1.self_attn", 1), ("decoder.0.cross_attn", 0)


def _points_at() -> Numbers:
    row = trace_of(MODEL, EXAMPLE)[SHARP[0]].weights[0, SHARP[1], ROW]
    column = int(row.argmax())
    return {"column": column, "place": column + 1, "weight": round(float(row[column]), 2)}


def _without() -> Numbers:
    effects = effects_of(MODEL, EXAMPLE)
    which = effects.heads.index(NEEDED)
    tokens = model_of(MODEL)[1].tgt_vocab.tokens
    return {
        "before": round(float(np.exp(-effects.intact_loss[0, ROW])), 2),
        "after": round(float(np.exp(-effects.loss[which, 0, ROW])), 2),
        "says": tokens[int(effects.top[which, 0, ROW])],
        "said": tokens[int(effects.intact_top[0, ROW])],
    }


def _alignment() -> Numbers:
    shallow, deep = aligned("pinyin", EXAMPLE), aligned("pinyin-2enc", EXAMPLE)
    return {"shallow": round(100 * shallow[1]), "deep": round(100 * deep[1]), "head": deep[0]}


def _most_needed() -> Numbers:
    effects = effects_of(MODEL, EXAMPLE)
    means = effects.means()
    best = max(means, key=lambda head: means[head])
    sharp = trace_of(MODEL, EXAMPLE)[SHARP[0]].weights[0, SHARP[1]]
    return {
        "needed": head_of(*best),
        "site": best[0],
        "rise": round(means[best], 2),
        "sharp_rise": round(means[SHARP], 3),
        "sharp_weight": round(float(sharp.max(-1).mean()), 2),
    }


LESSON = Lesson(
    name="look",
    title=Text("看：每个头在看什么", "Look: what does each head look at?"),
    minutes=8,
    steps=(
        Step(
            page="attention",
            address={"model": MODEL, "example": str(EXAMPLE), "kind": "cross", "layer": "1", "head": "1"},
            hides=frozenset({"claim", "examples", "strip"}),
            do=Text(
                "每一行是解码器要写的一个音节，每一列是一个汉字，颜色越深权重越大。看大图里的第一层第一个头。",
                "A row is a syllable that the decoder is about to write, a column a character it may look at; darker "
                "is "
                "more. Look at the large head, layer 1 head 1.",
            ),
            question=Question(
                Text(
                    "写 xíng（行人的行）那一行，它最看哪个字？",
                    "In the row that writes xíng, which character does it look at?",
                ),
                (
                    Text("第 1 个字：银", "the 1st: 银"),
                    Text("第 2 个字：行（银行的行）", "the 2nd: 行 (of 银行, bank)"),
                    Text("第 5 个字：行（行人的行）", "the 5th: 行 (of 行人, walker)"),
                    Text("第 6 个字：人", "the 6th: 人"),
                ),
                _points_at,
                lambda found: COLUMNS.index(int(found["column"])),
            ),
            saw=Text(
                "权重 {weight} 落在第 {place} 个字上：这个头把每个音节和它自己的字对上了，同一个“行”在别处也不混淆。",
                "A weight of {weight} lies on character {place}: this head lines every syllable up with its own "
                "character, although the same 行 stands there twice.",
            ),
            teacher=Text("让学生先指着屏幕说，再点选。", "Let them point at the screen first, then choose."),
        ),
        Step(
            page="attention",
            address={"model": MODEL, "example": str(EXAMPLE), "kind": "decoder_self", "layer": "2", "head": "2"},
            hides=frozenset({"examples"}),
            do=Text(
                "这是解码器自注意力的 L2 H2：它看已经写出的音节。先猜，再按下面的按钮把它关掉。",
                "This is L2 H2 of the decoder's self-attention: it looks at the syllables already written. Guess "
                "first, "
                "then switch it off with the button below.",
            ),
            question=Question(
                Text("关掉它，第 5 个音节 xíng 会怎样？", "What happens to the fifth syllable, xíng, without it?"),
                (
                    Text("几乎不变", "hardly anything"),
                    Text("概率下降，仍是 xíng", "less probable, still xíng"),
                    Text("变成别的音节", "another syllable is written"),
                ),
                _without,
                lambda found: (
                    2
                    if found["says"] != found["said"]
                    else 1
                    if float(found["before"]) - float(found["after"]) > 0.05
                    else 0
                ),
            ),
            saw=Text(
                "{said} 的概率从 {before} 到 {after}，模型写的是 {says}：没有上文，“行”就读成银行的行。",
                "{said} goes from {before} to {after} and the model writes {says}: without what came before, 行 is "
                "read "
                "as in bank.",
            ),
        ),
        Step(
            page="attention",
            address={"model": "pinyin-2enc", "example": str(EXAMPLE), "kind": "cross", "layer": "1", "head": "1"},
            hides=frozenset({"claim", "examples", "strip"}),
            do=Text(
                "同一个任务，编码器从 0 层变成 2 层，准确率相近。看看这些头。",
                "The same task with two encoder layers instead of none, at about the same accuracy. Look at its heads.",
            ),
            question=Question(
                Text(
                    "它的交叉注意力还指着对应的字吗？", "Does its cross-attention still point at the right character?"
                ),
                (Text("还指着", "yes"), Text("不指着了", "no")),
                _alignment,
                lambda found: 0 if float(found["deep"]) > 50 else 1,
            ),
            saw=Text(
                "指对的行：0 层编码器 {shallow}%，2 层编码器最好的头只有 {deep}%。编码器已经把信息搬了位置："
                "注意力图不等于解释。",
                "Rows that point right: {shallow} % without an encoder, {deep} % for the best head with two layers. "
                "The "
                "encoder has moved the information: an attention map is not an explanation.",
            ),
        ),
        Step(
            page="attention",
            address={"model": MODEL, "example": str(EXAMPLE)},
            do=Text(
                "回到第一个模型。每个头下面写着关掉它后整句损失的变化。",
                "Back to the first model. Below each head stands how much the loss of the sentence rises without it.",
            ),
            question=Question(
                Text("关掉哪个头，整句损失升得最多？", "Without which head does the loss of the sentence rise most?"),
                (
                    Text("交叉注意力 L1 H1：图最清晰的", "cross-attention L1 H1, the one with the clearest map"),
                    Text("解码器自注意力 L2 H2", "L2 H2 of the decoder's self-attention"),
                    Text("别的头", "another one"),
                ),
                _most_needed,
                lambda found: (
                    0
                    if (found["needed"], found["site"]) == ("L1 H1", SHARP[0])
                    else 1
                    if (found["needed"], found["site"]) == ("L2 H2", NEEDED[0])
                    else 2
                ),
            ),
            saw=Text(
                "是 {needed}：+{rise} 奈特/词元。图最清晰的 L1 H1（平均最大权重 {sharp_weight}）只有 {sharp_rise}："
                "清晰不等于重要。",
                "{needed}: +{rise} nats per token. The clearest map, L1 H1 (largest weight {sharp_weight} on "
                "average), is "
                "worth {sharp_rise}: clear is not the same as needed.",
            ),
        ),
    ),
)
