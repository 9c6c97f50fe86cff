"""The page Pretraining. What every page with runs says is in `runs`."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("预训练", "Pretraining"),
    question=Text("注意力头是怎样长出来的？", "How does an attention head form?"),
    hint=Text(
        "按“训练”，看损失下降、头成形 · 拖时间轴倒回任何一步 · 弄坏一处，看会怎样",
        "press Train and watch the loss fall and heads form · drag time back to any step · break something on purpose",
    ),
    # views
    view=Text("看什么", "View"),
    view_train=Text("训练", "Train"),
    view_data=Text("数据", "Data"),
    view_compare=Text("对比", "Compare"),
    view_list=Text("我的训练", "Runs"),
    # the claim
    claim_new=Text(
        "还没训练：“{source}”写成“{output}”，损失 {loss}；在 {count} 个词元里乱猜是 {guess}。",
        'Untrained, the model makes "{output}" of "{source}": loss {loss}; guessing among {count} tokens has {guess}.',
    ),
    claim_new_try=Text("训练 {steps} 步 ▸ 看头成形", "Train {steps} steps ▸ watch heads form"),
    claim_fell=Text(
        "练到第 {step} 步，训练损失 {first} → {now}；还没有一个头看得出规律。",
        "By step {step} the training loss went {first} → {now}; no head shows a pattern yet.",
    ),
    claim_fell_try=Text("回到第 0 步 ▸ 损失 {first}", "Back to step 0 ▸ loss {first}"),
    claim_begin=Text(
        "这是第 0 步：训练损失 {first}，到第 {step} 步是 {now}。",
        "This is step 0: the training loss is {first}, by step {step} it is {now}.",
    ),
    claim_birth=Text(
        "{head} 在第 {step} 步成形：{share} 的注意力放在{pattern}上。",
        "{head} formed at step {step}: {share} of its attention goes to {pattern}.",
    ),
    claim_born=Text(
        "这就是第 {step} 步：{head} 刚成形，{share} 的注意力放在{pattern}上。",
        "This is step {step}: {head} has just formed, {share} of its attention goes to {pattern}.",
    ),
    claim_grown=Text("自由生成全对：那时 {then}，现在 {now}。", " Exact match: {then} then, {now} now."),
    claim_birth_try=Text("看第 {step} 步 ▸ {short} 刚成形", "See step {step} ▸ {short} just formed"),
    claim_latest=Text("回到最新一步", "Back to the latest step"),
    pattern_previous_token=Text("前一个词元", "the previous token"),
    pattern_first_token=Text("第一个词元", "the first token"),
    pattern_diagonal=Text("同一位置的词元", "the token at the same position"),
    pattern_aligned=Text("要写的词元的出处", "the source of what it writes next"),
    pattern_induction=Text("上次跟在同一词元后面的词元", "what followed this token last time"),
    # data: which
    task=Text("任务", "Task"),
    own_data=Text("自己的文件", "Your own file"),
    own_data_help=Text(
        "一篇 .txt，或一张 .csv / .tsv 表；怎样读，看过再定。最大 20 MB，更大的用命令行 attnviz train。只留在本机。",
        "A .txt, or a table as .csv or .tsv; you see how it is read and can change it. 20 MB at most; "
        "for more, use attnviz train on the command line. The file stays on this machine.",
    ),
    own_kind=Text("这个文件是", "This file is"),
    own_kind_text=Text("一篇文字：接着写", "a text to go on with"),
    own_kind_pairs=Text("成对的表：源文 → 目标", "a table of pairs: source → target"),
    train_on_this=Text("用这些数据训练", "Train on this"),
    name_data=Text("数据：{name}", "Data: {name}"),
    name_run=Text("训练：{name}", "Run: {name}"),
    settings_of_preset=Text("模型和训练的设置取自“{preset}”", "Model and training are set as in “{preset}”"),
    own_data_field=Text("选择 .txt 或 .csv", "Choose a .txt or .csv"),
    own_data_back=Text("不用这个文件", "Stop using this file"),
    own_tokens=Text("切分成", "Divide into"),
    own_tokens_auto=Text("自动", "automatic"),
    own_tokens_characters=Text("字符", "characters"),
    own_tokens_words=Text("词", "words"),
    own_tokens_byte_pairs=Text("字节对 BPE", "byte pairs"),
    data_synthetic=Text("程序生成", "synthetic"),
    split_train=Text("训练", "train"),
    split_validation=Text("验证", "validation"),
    split_test=Text("测试", "test"),
    split_line=Text("{examples} 例 · {tokens} 词元", "{examples} examples · {tokens} tokens"),
    split_disjoint=Text("✓ 没有一个例子同时出现在两份里", "✓ no example is in two splits"),
    split_overlap=Text("⚠ {count} 个例子出现在两份里", "⚠ {count} examples are in two splits"),
    split_why=Text(
        "模型只学训练集；验证集看它会不会举一反三；测试集最后才用一次。",
        "The model learns from train only; validation shows whether it generalises; test is used once, at the end.",
    ),
    examples_of=Text("{name}集的头几条", "First of {name}"),
    # data: one sentence
    one_sentence=Text("一句话怎样变成数字", "How one sentence becomes numbers"),
    follow=Text("跟着这句话走", "Follow this sentence"),
    step_raw=Text("原文", "Raw text"),
    step_raw_note=Text("{count} 个码位，看不见的字符已标出", "{count} code points; invisible ones are marked"),
    step_clean=Text("清洗", "Cleaned"),
    step_clean_none=Text("没有需要清理的字符", "nothing had to be removed"),
    step_clean_some=Text("去掉或替换了 {gone}", "removed or replaced: {gone}"),
    step_tokens=Text("分词 tokenization", "Tokenized"),
    way_characters=Text("字符", "Characters"),
    way_words=Text("词", "Words"),
    way_pieces=Text("字节对 BPE", "Byte pairs"),
    way_task=Text("本任务", "This task"),
    way_line=Text("{count} 个词元 · 词表 {known}", "tokens: {count} · {known} known"),
    way_used=Text("本任务这样切", "as this task does"),
    way_why=Text(
        "切得越细，词表越小、序列越长；字节对在两者之间：把最常相邻的两段反复合并。",
        "Finer tokens: smaller vocabulary, longer sequence. Byte pairs: the commonest neighbours are joined.",
    ),
    way_merges=Text("最先合并的字节对：", "Joined first: "),
    step_ids=Text("编号 ids", "Ids"),
    step_ids_note=Text(
        "每个词元在词表里的行号；0–3 是 <pad> <s> </s> <unk>",
        "each token's row in the vocabulary; 0–3 are <pad> <s> </s> <unk>",
    ),
    step_one_hot=Text("独热 one-hot", "One-hot"),
    step_one_hot_note=Text("每行 {size} 维，只有一格是 1", "{size} columns a row, a single 1 in each"),
    step_bag=Text("词袋 bag of words", "Bag of words"),
    step_bag_note=Text(
        "只数个数，忘了顺序：倒过来写还是同一个词袋",
        "counts only, order forgotten: written backwards it is the same bag",
    ),
    step_embedding=Text("词嵌入 embedding", "Embedding"),
    step_embedding_note=Text(
        "词嵌入矩阵 W 的第 id 行，{width} 维，训练时学出来；{more}为正，{less}为负",
        "row id of the embedding matrix W, {width} numbers, learned in training; {more} positive, {less} negative",
    ),
    embedding_of_run=Text("取自这次训练第 {step} 步", "from this run at step {step}"),
    embedding_fresh=Text("刚初始化，还没训练", "fresh, not trained yet"),
    proof=Text("独热 × W 与取第 id 行相差 {error}", "one-hot × W and row id of W differ by {error}"),
    # data: vocabulary
    vocabulary=Text("词表", "Vocabulary"),
    vocabulary_source=Text("源词表", "Source vocabulary"),
    vocabulary_target=Text("目标词表", "Target vocabulary"),
    vocabulary_find=Text("查找词元", "Find a token"),
    vocabulary_line=Text(
        "共 {count} 个，按训练集里的次数排列", "tokens: {count}, by their count in the training split"
    ),
    vocabulary_id=Text("编号", "id"),
    vocabulary_token=Text("词元", "token"),
    vocabulary_count=Text("次数", "count"),
    # the next run
    preset=Text("预设", "Preset"),
    preset_numbers_zh=Text("数字 → 中文数词 · 一分钟学会", "Numbers → Chinese words · 1 minute"),
    preset_reverse=Text("倒序 · 最清楚的对角线", "Reverse · the clearest diagonal"),
    preset_dates=Text("日期 → ISO · 经典的注意力演示", "Dates → ISO · the classic demonstration"),
    preset_pinyin_small=Text("汉字 → 拼音 · 数据少，看过拟合", "Hanzi → pinyin · few data, watch it overfit"),
    preset_lm_en=Text("英文接着写 · 语言模型", "Go on writing English · language model"),
    preset_dialogue=Text("对话 · 模板生成，几秒学会", "Dialogue · made from templates, seconds"),
    preset_summary=Text("摘要 · 带感叹号的留下，模板生成", "Summary · keep what is marked, from templates"),
    more_choices=Text("更多设置", "More settings"),
    group_model=Text("模型", "Model"),
    group_optimizer=Text("优化", "Optimisation"),
    group_regular=Text("正则化与随机", "Regularisation and chance"),
    back_to_preset=Text("恢复预设", "Back to the preset"),
    outlook=Text("按“训练”之后会发生什么", "What happens after you press Train"),
    outlook_data=Text("数据", "Data"),
    outlook_examples=Text("{count} 个训练例子", "{count} training examples"),
    outlook_example=Text("例如", "For example"),
    outlook_size=Text("模型", "Model"),
    outlook_parameters=Text("{count} 个参数，{heads} 处注意力", "{count} parameters, attention in {heads} places"),
    outlook_steps=Text("训练", "Training"),
    outlook_batches=Text("{steps} 步，每步 {size} 句", "{steps} steps of {size} sequences"),
    outlook_start=Text("起点", "Start"),
    outlook_guess=Text(
        "乱猜的损失约 {loss}；右边的头还什么都没学",
        "guessing has a loss of about {loss}; the heads have learned nothing yet",
    ),
    # breaking
    break_how=Text(
        "一键另开一次，只少这一样，种子不变；然后两个放在一起看。原来那次不动。",
        "One click starts a second run with the same seed and this one thing missing, beside this one, which stays.",
    ),
    break_predict=Text("先猜：少了它，自由生成会……", "Predict first: without it, free running will be …"),
    break_predict_none=Text("还没猜", "not yet"),
    break_predict_better=Text("更好", "better"),
    break_predict_same=Text("差不多", "alike"),
    break_predict_worse=Text("更差", "worse"),
    break_seen=Text(
        "{what}：您猜自由生成“{predicted}”。留意：{watch}",
        "{what}: you predicted that free running is {predicted}. What to look for: {watch}",
    ),
    break_from=Text("从哪一步开始", "From which step"),
    break_from_begin=Text("从头练", "from the start"),
    break_from_here=Text("从第 {step} 步接着", "from step {step} on"),
    break_do=Text("弄坏", "Break"),
    break_name=Text("{name} · {what}", "{name} · {what}"),
    break_no_causal_mask=Text("没有因果掩码", "no causal mask"),
    break_no_causal_mask_watch=Text(
        "损失会低得出奇，自由生成却全错：它偷看了答案。",
        "the loss falls oddly low, yet free running fails: it peeked at the answer.",
    ),
    break_no_shift=Text("没有右移", "no shift"),
    break_no_shift_watch=Text(
        "解码器读到的正是要说的词：抄就行，自由生成时却没有可抄的。",
        "the decoder reads the very token it should say: copying is enough, until there is nothing to copy.",
    ),
    break_no_padding_mask=Text("没有填充掩码", "no padding mask"),
    break_no_padding_mask_watch=Text(
        "注意力漏到 <pad> 上：自由生成错得多，旁边的 <pad> 越多越错。",
        "attention leaks to <pad>: much of what it writes freely goes wrong, the more the more <pad>s stand beside it.",
    ),
    break_no_positions=Text("没有位置编码", "no positions"),
    break_no_positions_watch=Text(
        "分不清先后：同样的词元怎么排都一样。", "no order: the same tokens look alike in any order."
    ),
    break_no_scaling=Text("不除以 √head_dim", "no ÷ √head_dim"),
    break_no_scaling_watch=Text(
        "分数大了 √head_dim 倍，权重一开始就尖；头这么窄，照样学会，头宽了才卡住（实验 E13）。",
        "scores are √head_dim times as large, weights sharp from the start; heads this narrow learn all the same, wide "
        "ones get stuck (experiment E13).",
    ),
    break_post_norm_no_warmup=Text("后置归一化、没有预热", "post-norm, no warm-up"),
    break_post_norm_no_warmup_watch=Text(
        "靠近输出的层开头梯度大；只有两三层，照样学会，层多、学习率高才可能学不起来（实验 E8）。",
        "large early gradients near the output; with two or three layers it learns all the same, with many and a high "
        "rate it may not (experiment E8).",
    ),
    break_measured=Text(
        "实测（预设“倒序”，{seeds} 个种子）：自由生成 {broken}，什么也不少时 {whole}；"
        "验证损失 {broken_loss}，原来 {whole_loss}。",
        "Measured (preset Reverse, {seeds} seeds): exact match {broken}, whole {whole}; validation loss {broken_loss}, "
        "whole {whole_loss}.",
    ),
    break_measured_padded=Text(
        "实测（预设“倒序”，{seeds} 个种子）：自由生成 {exact}；每句后面加 12 个 <pad> 只剩 {broken}，"
        "什么也不少时 {whole}。",
        "Measured (preset Reverse, {seeds} seeds): exact match {exact}; with 12 <pad>s behind every source {broken}, "
        "whole {whole}.",
    ),
)
