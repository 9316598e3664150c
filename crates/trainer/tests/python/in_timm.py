"""Loads a file of `sulcus export --format safetensors --names timm` into timm, for tests/export.rs. README.md says how.

    python in_timm.py MODEL IMAGES

IMAGES holds float32 numbers, little-endian: [batch, 1, size, size], repeated here for the three colours.
"""

import json
import sys

import numpy
import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file

model_path, images_path = sys.argv[1:]
with safe_open(model_path, "pt") as file:
    manifest = json.loads(file.metadata()["manifest"])
size = manifest["input"]["size"]
model = timm.create_model("legacy_xception", pretrained=False, num_classes=len(manifest["classes"]))
model.load_state_dict(load_file(model_path), strict=True)

images = torch.from_numpy(numpy.fromfile(images_path, "<f4").reshape(-1, 1, size, size)).repeat(1, 3, 1, 1)
with torch.inference_mode():
    print(json.dumps({"logits": model.eval()(images).tolist()}))
