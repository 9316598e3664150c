"""Training steps of PyTorch with timm's network, measured as `sulcus bench` measures its own: prints one JSON object.

Forward, backward and AdamW on slices that are made up, until the loss is read. Started by `cargo xtask bench train`.
"""

import argparse
import json
import os
import resource
import statistics
import time

import timm
import torch
from torch import nn

CLASSES = 4
XCEPTION_BLOCKS = 14
VGG16_BLOCKS = 5


class Vgg16(nn.Module):
    """The convolutions of timm's VGG16 with the head of Sulcus: global average pooling and one linear layer."""

    def __init__(self):
        super().__init__()
        self.features = timm.create_model("vgg16", pretrained=False).features
        self.head = nn.Linear(512, CLASSES)

    def forward(self, images):
        return self.head(self.features(images).mean((2, 3)))


def network(architecture):
    if architecture == "vgg16":
        return Vgg16()
    return timm.create_model("legacy_xception", pretrained=False, num_classes=CLASSES)


def blocks(architecture, model):
    """Modules by block, in Keras's numbering; the head comes after the last block."""
    if architecture == "vgg16":
        found, block = [], 1
        for layer in model.features:
            found.append((block, layer))
            block += isinstance(layer, nn.MaxPool2d)
        return found + [(VGG16_BLOCKS + 1, model.head)]
    stem = [(1, getattr(model, name)) for name in ("conv1", "bn1", "conv2", "bn2")]
    # timm counts the modules from 1, Keras from 2.
    middle = [(number + 1, getattr(model, f"block{number}")) for number in range(1, 13)]
    end = [(XCEPTION_BLOCKS, getattr(model, name)) for name in ("conv3", "bn3", "conv4", "bn4")]
    return stem + middle + end + [(XCEPTION_BLOCKS + 1, model.fc)]


def freeze(architecture, model, train_from):
    """A frozen block keeps its batch statistics too, as in Sulcus."""
    model.train()
    for block, module in blocks(architecture, model):
        if block < train_from:
            module.eval()
            module.requires_grad_(False)


def steps(options):
    """Seconds of every timed step, and the processor's seconds over them."""
    device = torch.device(options.device)
    model = network(options.architecture).to(device, memory_format=torch.channels_last)
    freeze(options.architecture, model, options.train_from)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, fused=options.device == "cuda")
    forward = torch.compile(model) if options.compile else model
    images = torch.rand(options.batch, 3, options.size, options.size, device=device) * 2 - 1
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(options.batch, device=device) % CLASSES
    half = options.precision == "bf16"
    seconds, before = [], 0.0
    for step in range(options.warm_up + options.steps):
        if step == options.warm_up:
            before = processor_seconds()
        began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            loss = nn.functional.cross_entropy(forward(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss.item()
        if options.device == "cuda":
            torch.cuda.synchronize()
        if step >= options.warm_up:
            seconds.append(time.perf_counter() - began)
    return seconds, processor_seconds() - before


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=["xception", "vgg16"], default="xception")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    for name, default in [("batch", 16), ("size", 128), ("train-from", 1), ("steps", 5), ("warm-up", 1)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    seconds, processor = steps(options)
    on_gpu = options.device == "cuda"
    print(json.dumps({
        "framework": "pytorch",
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
        "device": torch.cuda.get_device_name() if on_gpu else "CPU",
        "architecture": options.architecture,
        "train_from": options.train_from,
        "batch": options.batch,
        "size": options.size,
        "precision": options.precision,
        "compiled": options.compile,
        "memory_format": "channels_last",
        "warm_up_steps": options.warm_up,
        "seconds_a_step": seconds,
        "images_a_second_median": options.batch / statistics.median(seconds),
        "images_a_second_best": options.batch / min(seconds),
        "processor_utilisation": processor / sum(seconds) / len(os.sched_getaffinity(0)),
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "peak_device_memory": torch.cuda.max_memory_allocated() if on_gpu else None,
    }))


if __name__ == "__main__":
    main()
