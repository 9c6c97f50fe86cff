"""The panel of predictions. {braces} in these are filled in by the browser."""

from attnviz.language import Text, table

TEXTS = table(
    heading=Text("预测", "Prediction"),
    tokens=Text("每一步的预测，左右键移动", "Predictions step by step; arrow keys move"),
    fed_reference=Text("教师强制：解码器读参考答案", "teacher forcing: it reads the reference"),
    fed_own=Text("自回归：解码器读自己的输出", "autoregressive: it reads its own output"),
    fed_own_intact=Text("解码器读的是所有头都开着时的输出", "the decoder reads what was written with all heads on"),
    fed_text=Text("逐个词元预测下一个", "every next token of the text"),
    fed_hidden=Text(
        "每个位置上它认为是什么；只有藏起来的词元计损失",
        "what it takes every position to be; only hidden tokens count for the loss",
    ),
    reference_exact=Text("参考答案：准确", "reference: exact"),
    reference_dictionary=Text("参考答案：查词典，未必全对", "reference: by dictionary, not always right"),
    reference_given=Text("参考答案：来自您的文件", "reference: from your file"),
    reference_none=Text("没有参考答案，损失按自己的输出算", "no reference: the loss is that of its own output"),
    right_of=Text("对 {right}/{scored}", "{right}/{scored} right"),
    loss=Text("损失", "loss"),
    nats=Text("奈特/词元", "nats per token"),
    should=Text("应为 {token}", "not {token}"),
    was=Text("原为 {token}", "was {token}"),
    runs_freely=Text("自由生成", "Running freely"),
    equals=Text("与参考一致", "same as the reference"),
    differs=Text("与参考不同", "differs from the reference"),
    endless=Text("尚未结束", "has not ended yet"),
    nothing=Text("（什么也没写）", "(wrote nothing)"),
    top=Text("读到 {token} 之后，前 5 名", "After {token}, the five most likely"),
    top_at=Text("在 {token} 处，前 5 名", "At {token}, the five most likely"),
    now=Text("现在", "now"),
    before=Text("关头之前", "all heads on"),
    reference_mark=Text("参考", "reference"),
    unknown=Text("未登录词元", "unknown token"),
)
