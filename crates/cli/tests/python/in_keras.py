"""Loads a file of `sulcus export --format safetensors` into Keras, for tests/export.rs. README.md says how.

    python in_keras.py MODEL IMAGES

IMAGES holds float32 numbers, little-endian: [batch, 1, size, size], repeated here for the three colours.
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy
from safetensors import safe_open

model_path, images_path = sys.argv[1:]
with safe_open(model_path, "numpy") as file:
    manifest = json.loads(file.metadata()["manifest"])
    tensors = {name: file.get_tensor(name) for name in file.keys()}

size = manifest["input"]["size"]
networks = {"xception": keras.applications.Xception, "vgg16": keras.applications.VGG16}
trunk = networks[manifest["architecture"]](
    include_top=False, weights=None, input_shape=(size, size, 3), pooling="avg"
)
logits = keras.layers.Dense(len(manifest["classes"]), name="predictions")(trunk.output)
model = keras.Model(trunk.input, logits)
for layer in model.layers:
    layer.set_weights([tensors.pop(f"{layer.name}.{weight.name}") for weight in layer.weights])
assert not tensors, f"Keras has no place for {sorted(tensors)}"

images = numpy.fromfile(images_path, "<f4").reshape(-1, 1, size, size)
images = images.transpose(0, 2, 3, 1).repeat(3, axis=3)
print(json.dumps({"logits": model.predict(images, verbose=0).tolist()}))
