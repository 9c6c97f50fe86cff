"""The page Experiments."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("实验", "Experiments"),
    question=Text("先预测，再运行，再揭晓", "Predict, run, reveal"),
    hint=Text(
        "每个说法都由当场量出的数来判定",
        "every claim is settled by numbers that are measured, not by what is written",
    ),
    experiment=Text("实验", "Experiment"),
    all_experiments=Text("全部实验", "All experiments"),
    quoted=Text("“{claim}”", '"{claim}"'),
    open_experiment=Text("打开 {name}", "Open {name}"),
    predicted=Text("已预测", "predicted"),
    how_now=Text("立刻算出", "done in moments"),
    how_recorded=Text("有 {seeds} 个种子的记录 · 自己跑约 {lasts}", "recorded, {seeds} seeds · about {lasts} to run"),
    how_train=Text("要运行，约 {lasts}", "to be run, about {lasts}"),
    seconds=Text("{count} 秒", "{count} s"),
    minutes=Text("{count} 分钟", "{count} min"),
    # before
    told=Text("常听到的说法", "What people are told"),
    recipe=Text("怎么做：", "What is done:"),
    predict_first=Text("先预测，才能看结果：", "Predict first, then see the numbers:"),
    predict=Text("我预测 {value}", "I predict {value}"),
    # after
    your_prediction=Text("您的预测", "your prediction"),
    numbers_say=Text("数据的答案", "the numbers say"),
    predicted_value=Text("您的预测：{value}", "your prediction: {value}"),
    measured_value=Text("量到的：{value}", "measured: {value}"),
    hit=Text("预测对了", "As predicted"),
    missed=Text("和预测不一样", "Not as predicted"),
    numbers_say_none=Text("这次的数不支持任何一个答案。", "These numbers support none of the answers."),
    no_numbers_yet=Text(
        "预测已记下。这个实验要在这里运行才有数。", "Your prediction is kept. The numbers come once it has run here."
    ),
    ask_again=Text("重新预测", "Ask again"),
    ask_again_help=Text("收起结果，给下一个班用", "Hides the result, for the next class"),
    true=Text("其实是这样", "What is true, and why"),
    source=Text("原始出处", "Primary source"),
    try_it=Text("自己试试：{page}", "Try it yourself: {page}"),
    came_out=Text("判定依据：“{answer}”的条件都满足", 'Why: "{answer}" has all of its conditions met'),
    came_out_not=Text("判定依据：“{answer}”的条件没有全满足", 'Why: "{answer}" has not all of its conditions met'),
    # numbers
    quantity=Text("量", "Measured"),
    mean_sd=Text("平均 ± 标准差", "mean ± sd"),
    value=Text("数值", "value"),
    unit=Text("单位", "unit"),
    no_number=Text("不是数", "not a number"),
    unit_share=Text("比例", "share"),
    unit_weight=Text("权重", "weight"),
    unit_nats=Text("奈特/词元", "nats per token"),
    unit_change=Text("变化", "change"),
    unit_number=Text("个数", "number"),
    unit_seconds=Text("秒", "s"),
    unit_bytes=Text("字节", "bytes"),
    unit_correlation=Text("相关", "correlation"),
    legend=Text(
        "点：每个种子；横线：± 标准差；虚线：判定的界线。同一单位用同一把尺。",
        "Dots: the seeds; line: ± sd; dashed: bounds that decide. One scale for each unit.",
    ),
    legend_one=Text(
        "一个种子，没有误差线；虚线：判定的界线。同一单位用同一把尺。",
        "One seed, so no spread; dashed: bounds that decide. One scale for each unit.",
    ),
    seeds=Text("种子 {seeds}", "seeds {seeds}"),
    run_here=Text("在这台电脑上运行", "run here"),
    recorded=Text("事先记录", "recorded"),
    made=Text("{date}，{made}", "{date}, made with {made}"),
    # running
    which=Text("哪一个结果", "Which result"),
    which_here=Text("这里运行的", "run here"),
    which_recorded=Text("事先记录的", "recorded"),
    run=Text("在这里运行", "Run it here"),
    run_hint=Text(
        "1 个种子，约 {lasts}；在后台运行，刷新或换页都不中断", "1 seed, about {lasts}; goes on if you reload or leave"
    ),
    other_seeds=Text("换三个种子再运行", "Run again with three other seeds"),
    starting=Text("正在准备…", "Getting ready …"),
    measuring=Text("训练完了，正在测量…", "Trained; measuring …"),
    progress=Text(
        "正在训练 {model} · 种子 {seed} · 损失 {loss} · 还要约 {left}",
        "Training {model} · seed {seed} · loss {loss} · about {left} left",
    ),
    stop=Text("停止", "Stop"),
)
