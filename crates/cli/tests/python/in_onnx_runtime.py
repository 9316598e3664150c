"""Runs an ONNX file with ONNX Runtime, for tests/export.rs. README.md says how.

    python in_onnx_runtime.py MODEL IMAGES

IMAGES holds float32 numbers, little-endian: [batch, 1, size, size]. The file is first checked with onnx.checker.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

model_path, images_path = sys.argv[1:]
model = onnx.load(model_path)
onnx.checker.check_model(model, full_check=True)

session = onnxruntime.InferenceSession(model_path, providers=["CPUExecutionProvider"])
(image,) = session.get_inputs()
images = numpy.fromfile(images_path, "<f4").reshape([-1, *image.shape[1:]])
logits, probabilities = session.run(["logits", "probabilities"], {"image": images})
# Once together and once alone: the batch may have any length.
alone = session.run(["probabilities"], {"image": images[:1]})[0]
assert numpy.abs(alone - probabilities[:1]).max() < 1e-5

int8 = onnx.TensorProto.INT8
print(
    json.dumps(
        {
            "input": [image.name, image.type, image.shape],
            "metadata": {entry.key: entry.value for entry in model.metadata_props},
            "int8_constants": sum(constant.data_type == int8 for constant in model.graph.initializer),
            "logits": logits.tolist(),
            "probabilities": probabilities.tolist(),
        }
    )
)
