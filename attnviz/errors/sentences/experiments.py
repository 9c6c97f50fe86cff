"""What can be wrong with experiments: their files, predictions and recordings."""

from attnviz.language import Text, table

TEXTS = table(
    experiment_unknown=Text(
        "没有名为 {name} 的实验。现有：{known}。", "There is no experiment {name}. There are: {known}."
    ),
    experiment_field=Text(
        "实验的字段 {field} 不能用：{problem}。", "The experiment's field {field} cannot be used: {problem}."
    ),
    experiment_file=Text(
        "实验文件 {file} 不能用（第 {line} 行）：{problem}。其余实验照常可用。",
        "The experiment file {file} cannot be used (line {line}): {problem}. The others go on.",
    ),
    experiment_file_empty=Text(
        "实验文件 {file} 里没有 EXPERIMENT。其余实验照常可用。",
        "The experiment file {file} has no EXPERIMENT. The others go on.",
    ),
    experiment_name_taken=Text(
        "实验文件 {file} 里的名字 {name} 已经有了。其余实验照常可用。",
        "The experiment file {file} uses the name {name}, which is taken. The others go on.",
    ),
    experiment_folder=Text(
        "实验文件夹 {path} 打不开：{problem}。", "The folder of experiments {path} cannot be read: {problem}."
    ),
    experiment_measured=Text(
        "实验 {name} 没有给出它声明的数：缺少 {missing}。",
        "The experiment {name} did not give the numbers it names: {missing} is missing.",
    ),
    experiment_broke=Text(
        "实验 {name} 运行时出错：{problem}。", "The experiment {name} broke while it ran: {problem}."
    ),
    experiment_prediction=Text(
        "{given} 不是这里能做的预测；可以是：{allowed}。",
        "{given} is no prediction that can be made here; allowed: {allowed}.",
    ),
    experiment_recording=Text(
        "实验 {name} 的记录 {file} 不能用：{problem}。",
        "The recording {file} of experiment {name} cannot be used: {problem}.",
    ),
    experiment_no_recording=Text(
        "实验 {name} 没有记录的结果；可以现在运行它。",
        "The experiment {name} has no recorded result; it can be run now.",
    ),
    experiment_crowd=Text(
        "{names} 正在运行；同时最多运行 {most} 个。请等一个结束，或停止一个。",
        "{names} are running; {most} at once at most. Wait for one to end, or stop one.",
    ),
    experiment_ended=Text(
        "实验 {name} 没有跑完就结束了；它的输出在 {log}。可以再运行一次。",
        "The experiment {name} ended before it was done; what it said lies in {log}. It can be run again.",
    ),
    experiment_seeds=Text("至少要有一个随机种子。", "At least one seed is needed."),
)
