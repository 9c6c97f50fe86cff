"""What can be wrong with a checkpoint."""

from attnviz.language import Text, table

TEXTS = table(
    checkpoint_unknown=Text(
        "没有名为“{name}”的模型。自带的有：{known}；也可以给出文件夹路径。",
        "There is no checkpoint named '{name}'. Shipped: {known}; or give the path of a folder.",
    ),
    checkpoint_missing=Text("没有文件夹 {path}。", "There is no folder {path}."),
    checkpoint_not_folder=Text(
        "{path} 是一个文件；模型应是含 model.safetensors 和 manifest.json 的文件夹。",
        "{path} is a file; a checkpoint is a folder with model.safetensors and manifest.json.",
    ),
    checkpoint_file_missing=Text("文件夹 {path} 里缺少 {file}。", "{file} is missing in the folder {path}."),
    checkpoint_unreadable=Text("{file} 读不出来：{problem}。", "{file} cannot be read: {problem}."),
    checkpoint_too_large=Text(
        "{file} 有 {given} 字节，最多读取 {limit}。", "{file} has {given} bytes; at most {limit} are read."
    ),
    checkpoint_json=Text("{file} 不是合法的 JSON：{problem}。", "{file} is not valid JSON: {problem}."),
    checkpoint_format=Text("{file} 不是 attnviz 模型的清单。", "{file} is not the manifest of an attnviz checkpoint."),
    checkpoint_version=Text(
        "模型的格式版本是 {given}，本程序读取版本 {known}。",
        "The checkpoint has format version {given}; this program reads version {known}.",
    ),
    checkpoint_manifest=Text(
        "{file} 的条目“{entry}”有错：{problem}。", "{file} has a wrong entry '{entry}': {problem}."
    ),
    checkpoint_task=Text("模型的任务建立不起来：{problem}。", "The checkpoint's task cannot be set up: {problem}."),
    checkpoint_damaged=Text(
        "{file} 已损坏，或不是 safetensors 文件：{problem}。", "{file} is damaged or not a safetensors file: {problem}."
    ),
    checkpoint_names=Text("{file} 与模型不符：{problem}。", "{file} does not fit the model: {problem}."),
    checkpoint_shape=Text(
        "{file} 与模型不符：{name} 的形状是 {given}，模型需要 {needed}。",
        "{file} does not fit the model: {name} has shape {given}, the model needs {needed}.",
    ),
    checkpoint_dtype=Text(
        "{file}：{name} 存的是 {given}，需要浮点数。",
        "{file}: {name} holds {given} values; floating-point numbers are needed.",
    ),
    checkpoint_not_finite=Text(
        "{file}：{name} 里有无穷大或非数。", "{file}: {name} holds values that are not finite numbers."
    ),
    checkpoint_held_out=Text(
        "{file} 里存的不是清单所说的 {split} 样例。",
        "{file} does not hold the {split} examples that the manifest describes.",
    ),
    data_moved=Text(
        "这里安装的数据（{now}）与模型训练时的（{then}）不再完全相同；模型的成绩是在随它保存的样例上测的。",
        "The data installed here ({now}) are no longer quite those that the model was trained on ({then}); its figures "
        "are measured on the examples kept with it.",
    ),
    data_moved_not_kept=Text(
        "这里安装的数据（{now}）与模型训练时的（{then}）不再完全相同；现在测出的成绩与当时的不能直接比较。",
        "The data installed here ({now}) are no longer quite those that the model was trained on ({then}); figures "
        "measured now cannot be compared with those of then.",
    ),
    data_other=Text(
        "这份数据不是模型训练时用的那一份；现在测出的成绩与当时的不能直接比较。",
        "These are not the data that the model was trained on; figures measured now cannot be compared with those of "
        "then.",
    ),
    data_needed=Text(
        "模型“{name}”是用自己的文件训练的，那个文件不在它旁边；请用 --data FILE 指明。",
        "The model '{name}' was trained on a file of somebody's own, which is not beside it; name it: --data FILE.",
    ),
    data_not_own=Text(
        "模型“{name}”的数据随 attnviz 一起来（任务 {task}）；--data 只用于在自己的文件上训练的模型。",
        "The data of the model '{name}' come with attnviz (task {task}); --data goes with models of your own file.",
    ),
    data_empty=Text(
        "这份数据分完之后，{split} 那一份是空的；需要更多的样例。",
        "Nothing of these data falls into the split {split}; more examples are needed.",
    ),
    training_state=Text("{file} 不是训练的快照：{problem}。", "{file} is no kept step of a run: {problem}."),
    checkpoint_write=Text("模型写不到 {path}：{problem}。", "The checkpoint cannot be written to {path}: {problem}."),
    checkpoint_occupied=Text(
        "{path} 不是空的，里面也没有模型；请换一个文件夹。",
        "{path} is not empty and holds no checkpoint; choose another folder.",
    ),
)
