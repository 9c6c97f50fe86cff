"""What the pages Pictures and Graphs both say."""

from attnviz.language import Text, table
from attnviz.ui.text.downloads import TEXTS as DOWNLOADS

TEXTS = table(
    **DOWNLOADS,
    view=Text("看什么", "What to look at"),
    view_look=Text("看训练好的模型", "A trained model"),
    view_train=Text("自己训练", "Train one"),
    which_model=Text("模型", "Model"),
    # the stage
    gallery=Text("测试例", "Held out"),
    example_right=Text("第 {number} 例：{label}，答对了", "Example {number}: {label}, read right"),
    example_wrong=Text("第 {number} 例：{label}，答错了", "Example {number}: {label}, misread"),
    reset=Text("全部还原", "Undo all"),
    heads_title=Text("每一个头：{query} 看哪里", "Every head: what {query} looks at"),
    look_from_cls=Text("从 CLS 看", "From CLS"),
    heads_hint=Text(
        "点图选头，拨开关关掉它。每层最后是展开（rollout）：把到这层为止的权重连残差一起乘起来。颜色按 √权重。",
        "Click a map to choose its head, flip the switch to turn it off. Each layer ends with the rollout: all weights "
        "up to it multiplied, residuals included. Colour is √weight.",
    ),
    rollout_after=Text("展开到 L{layer}", "Rollout to L{layer}"),
    off=Text("已关", "off"),
    switch_on=Text("打开 {head}", "Turn {head} on"),
    switch_off=Text("关掉 {head}", "Turn {head} off"),
    answers_title=Text("模型的回答", "What the model says"),
    answers_node=Text("模型说：成员 {node}", "What it says of member {node}"),
    verdict_same=Text("{label}（概率 {p}）", "{label} (probability {p})"),
    verdict_other=Text("从{was}变成{label}（概率 {p}）", "From {was} to {label} (probability {p})"),
    before=Text("原来", "before"),
    now=Text("现在", "now"),
    right=Text("正确答案", "the right answer"),
    tip_weight=Text("{query} 看 {key}：{weight}", "{query} looks at {key}: {weight}"),
    # claims
    claim_back=Text("全部还原", "Take it back"),
    claim_changed=Text(
        "改了 {changes} 处、关了 {heads} 个头：“{label}”的概率 {before} → {now}，现在说“{said}”。",
        'With {changes} changes and {heads} heads off, "{label}" goes from {before} to {now}; it now says "{said}".',
    ),
    # training
    train_missing=Text(
        "训练要用到 {package} 里的数据，这里没有装。请运行 pip install 'attnviz[{extra}]' 再重新启动；"
        "“看训练好的模型”不需要它。",
        "Training needs the data of {package}, which is not installed here. Run pip install 'attnviz[{extra}]' and "
        "start again; the trained model can be looked at without it.",
    ),
    train_first=Text(
        "按 ▶ 开始：{examples} 个例子，{parameters} 个参数，{steps} 步，几秒到一分钟。头就在下面长出来。",
        "Press ▶: {examples} examples, {parameters} parameters, {steps} steps, some seconds up to a minute. The heads "
        "grow below.",
    ),
    train_at=Text("第 {step} 步的模型", "The model at step {step}"),
    train_task=Text("学什么", "What is learned"),
)
