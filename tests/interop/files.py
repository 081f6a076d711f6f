"""Reads with PyTorch, safetensors and TensorBoard what files.ts wrote, and writes what it reads back.

Usage: python3 tests/interop/files.py DIR
"""

import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def check_checkpoint(path: str) -> None:
    tensors = load_file(path)
    shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
    assert len(tensors) == 12, shapes
    assert tensors["flags"].tolist() == [True, False, True]
    assert tensors["10"].tolist() == [1, 2, 3] and tensors["2"].tolist() == [-2]
    assert tensors["brain"].tolist() == [[1.0, -2.0]]
    assert tensors["double"].item() == 3.141592653589793
    assert tensors["long"].tolist() == [-5, 2**60]
    assert tensors["int"].tolist() == [[-7], [7]] and tensors["short"].tolist() == [-300]
    assert shapes["empty"] == [0, 7] and tensors['ü"\n'].tolist() == [1.0]
    rounded = tensors["float"].to(torch.float16)
    assert torch.equal(tensors["half"].view(torch.int16), rounded.view(torch.int16))
    with safe_open(path, "pt") as file:
        assert file.metadata()["ü"] == '"x"' and file.metadata()["step"] == "9"
    print(f"safetensors: {len(tensors)} tensors, {rounded.numel()} half floats equal")


def check_logs(folder: str) -> None:
    events = EventAccumulator(folder, size_guidance={"images": 0, "audio": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    points = [(point.step, round(point.value, 4)) for point in events.Scalars("train/loss")]
    resumed = [(step, step + (0.07 if step <= 4 else 0.09)) for step in range(1, 10)]
    assert points == [(step, round(value, 4)) for step, value in resumed], points
    assert [point.step for point in events.Scalars("valid/loss")] == [9], tags
    image = events.Images("sample")[-1]
    assert (image.step, image.width, image.height) == (9, 3, 2)
    assert image.encoded_image_string[:8] == b"\x89PNG\r\n\x1a\n"
    audio = events.Audio("sample")[-1]
    assert (audio.step, audio.sample_rate, audio.length_frames) == (9, 8000.0, 16)
    assert audio.content_type == "audio/wav" and audio.encoded_audio_string[:4] == b"RIFF"
    text = events.Tensors("hparams")[0].tensor_proto.string_val[0].decode()
    assert "| seed | 1 |" in text, text
    assert events.SummaryMetadata("hparams").plugin_data.plugin_name == "text"
    print(f"tensorboard: {tags['scalars']}, {tags['images']}, {tags['audio']}, {tags['tensors']}")


def write_checkpoint(path: str) -> None:
    numbers = torch.arange(6).reshape(2, 3)
    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool".split()
    tensors = {name: numbers.to(getattr(torch, name)) for name in names}
    save_file({**tensors, "scalar": torch.tensor(2.5)}, path, {"from": "python"})


if __name__ == "__main__":
    directory = sys.argv[1]
    check_checkpoint(f"{directory}/ours.safetensors")
    check_logs(f"{directory}/run/logs")
    write_checkpoint(f"{directory}/theirs.safetensors")
