"""What can be wrong with a run."""

from attnviz.language import Text, table

TEXTS = table(
    # runs and folders
    run_unknown=Text("没有名为“{name}”的训练。", "There is no run '{name}'."),
    run_name=Text("名字要有 1 到 {limit} 个字。", "A run's name must have 1 to {limit} characters."),
    run_config=Text(
        "训练的 {file} 在“{entry}”处有错：{problem}。", "The run's {file} is wrong at '{entry}': {problem}."
    ),
    run_config_file=Text("训练的 {file} 不能用：{problem}。", "The run's {file} cannot be used: {problem}."),
    run_damaged=Text("训练的 {file} 已损坏：{problem}。", "The run's {file} is damaged: {problem}."),
    run_version=Text(
        "这次训练是用更新的程序写的（格式 {given}，本程序读到 {known}）。",
        "The run was written by a newer program (format {given}; this one reads {known}).",
    ),
    run_folder=Text("文件夹 {path} 不能用：{problem}。", "The folder {path} cannot be used: {problem}."),
    run_read_only=Text(
        "{path} 不允许写入；请换一个文件夹，或改它的权限。",
        "Nothing can be written to {path}; choose another folder, or change its permissions.",
    ),
    disk_full=Text(
        "磁盘满了（{path}）。已记录的都还在；腾出空间后会接着训练。",
        "The disk is full ({path}). Nothing recorded is lost; training goes on when there is room.",
    ),
    disk_reserve=Text(
        "磁盘（{path}）的空余不到 {reserve} MB：腾出空间以前，训练先等着。",
        "Less than {reserve} MB are free on the disk ({path}): training waits until there is more room.",
    ),
    run_locked=Text(
        "{path} 正被另一个程序写入，请再试一次。", "{path} is being written by another program; try again."
    ),
    run_busy=Text(
        "训练“{name}”正在用，工作进程还没有放手。", "The run '{name}' is in use by a worker that does not let go of it."
    ),
    run_restarting=Text(
        "训练“{name}”已有人在重新开始，新的马上出现在列表里。",
        "Somebody is restarting the run '{name}' already; the new one is about to be listed.",
    ),
    run_elsewhere=Text(
        "训练“{name}”正由 {host} 上的进程 {pid} 进行。", "The run '{name}' is being trained by process {pid} on {host}."
    ),
    run_lost=Text("另一个工作进程接手了训练“{name}”。", "Another worker has taken over the run '{name}'."),
    run_exists=Text("{path} 里已经有一次训练。", "There is a run in {path} already."),
    run_own_file=Text("任务 {task} 需要当初的那个文件。", "The task {task} needs the file that it was made from."),
    # what a run may be told
    command_unknown=Text("没有命令“{name}”。现有：{known}。", "There is no command '{name}'. There are: {known}."),
    command_argument=Text("{name} 的值是 {value!r}；允许：{allowed}。", "{name} is {value!r}; allowed: {allowed}."),
    command_bare=Text("命令 {name} 还要说明其一：{allowed}。", "The command {name} needs one of: {allowed}."),
    command_worker=Text("工作进程启动不了：{problem}。", "No worker could be started: {problem}."),
    run_no_snapshot=Text("第 {step} 步没有保存。保存过的有：{known}。", "Step {step} was not kept. Kept are: {known}."),
    run_snapshot_gone=Text(
        "第 {step} 步没有保存，或者它的文件不见了。", "Step {step} was not kept, or its file is gone."
    ),
    run_snapshot_bad=Text(
        "第 {step} 步的快照不能用：{problem}。", "The snapshot of step {step} cannot be used: {problem}."
    ),
    run_fork=Text(
        "从第 {step} 步起不能再改 {name}：{problem}。请从第 0 步分出。",
        "From step {step} on, {name} cannot be changed: {problem}. Fork from step 0.",
    ),
    run_too_short=Text(
        "max_len 是 {max_len}，可是这个任务的序列最长有 {longest} 个词元；请至少用 {longest}。",
        "max_len is {max_len}, but the longest sequences of this task have {longest} tokens; use {longest} at least.",
    ),
    run_start=Text("起点的权重不合适：{problem}。", "The weights to begin from do not fit: {problem}."),
    run_together=Text(
        "几个进程一起训练时不能 {name}。", "{name} is not possible while several processes train the run together."
    ),
    # while training
    run_diverged=Text(
        "第 {step} 步的损失是 {loss}：训练发散了，已经停下。把学习率调小再按播放，就从保存过的最后一步接着训练。",
        "The loss is {loss} at step {step}: the run has diverged and was stopped. With a smaller learning rate, Play "
        "goes on from the last step that was kept.",
    ),
    run_weights=Text(
        "第 {step} 步以后，有些权重已经不是数：训练发散了。把学习率调小再按播放，就从保存过的最后一步接着训练。",
        "After step {step} some weights are no numbers any more: the run has diverged and was stopped. With a smaller "
        "learning rate, Play goes on from the last step that was kept.",
    ),
    run_killed=Text(
        "打开这次训练时，工作进程已被终止 {times} 次，可能是内存不够。按播放再试一次。",
        "Whoever trained this run was ended {times} times while opening it, for want of memory perhaps. Play tries "
        "once more.",
    ),
    run_queued=Text(
        "已有 {limit} 次训练在进行；其中一次停下来，这一次就开始。",
        "{limit} runs are in motion already; this one begins as soon as one of them rests.",
    ),
    threads_fewer=Text(
        "要求 {asked} 个线程，这台电脑有 {threads} 个核，就用这么多。",
        "{asked} threads were asked for; this computer has {threads} cores, so as many are used.",
    ),
    went_back=Text(
        "训练在第 {from} 步发散，回到了第 {to} 步。",
        "From step {from}, where the run had diverged, it went back to step {to}.",
    ),
    run_failed=Text("训练在第 {step} 步停下：{problem}。", "Training stopped at step {step}: {problem}."),
    device_absent=Text(
        "这里没有 {asked}；改用 {device} 训练。", "There is no device {asked} here; the run is trained on {device}."
    ),
    device_unusable=Text(
        "{asked} 用不了（{problem}）；改在 {device} 上继续。",
        "The device {asked} failed ({problem}); the run goes on on {device}.",
    ),
    device_full=Text(
        "{asked} 的显存满了；改在 {device} 上继续。", "The memory of {asked} is full; the run goes on on {device}."
    ),
    clock_moved=Text(
        "电脑的时钟变动了 {seconds} 秒；顺序和速度不受影响。",
        "The computer's clock was moved by {seconds} s; order and speed do not depend on it.",
    ),
    remade_differently=Text(
        "重做第 {step} 步的结果不同：之前 {before}，现在 {after}。",
        "Step {step} came out differently when it was made again: {before} before, {after} now.",
    ),
    # zip files
    zip_damaged=Text(
        "这不是 zip 文件，或已损坏：{problem}。", "The file is not a zip file, or it is damaged: {problem}."
    ),
    zip_not_a_run=Text("zip 里没有训练：{problem}。", "The zip file does not hold a run: {problem}."),
    zip_hostile=Text("这个 zip 被拒绝：{problem}（{name}）。", "The zip file is refused: {problem} ({name})."),
    zip_too_large=Text(
        "zip 太大：{given}，最多 {limit} {unit}。", "The zip file is too large: {given} of at most {limit} {unit}."
    ),
)
